// What goes to a Worker's log: one line of JSON, so that one search by request id finds it in every Worker's.

/** An error that the caller is not told the text of. */
export function log(message: string, requestId: string, error: unknown): void {
  const text = error instanceof Error ? error.stack : String(error);
  console.error(JSON.stringify({ message, requestId, error: text }));
}
