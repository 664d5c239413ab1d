// What an autopilot answered, read whole: as it is told to the caller, and as it is kept for a repeat.

import type { Answered } from "./retry.ts";

export interface Answer extends Answered {
  readonly type: string | null;
  readonly body: Uint8Array;
}

const WITHOUT_BODY = new Set([204, 205]);

/** The autopilot's status, content type and body, with `headers` beside them. */
export function answerResponse(
  { status, type, body }: { status: number; type: string | null; body: Uint8Array | string },
  headers: Readonly<Record<string, string>>,
): Response {
  const all = new Headers(headers);
  if (type) all.set("content-type", type);
  return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers: all });
}

/** The body's text; undefined where it is none, or none that SQL takes whole. */
export function textOf(body: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

/** What the autopilot itself says of the outcome, in a problem document's member `outcome`. */
export function saidOutcome({ type, body }: Answer): unknown {
  if (!type?.startsWith("application/problem+json")) return undefined;
  try {
    return (JSON.parse(textOf(body) ?? "null") as { outcome?: unknown } | null)?.outcome;
  } catch {
    return undefined;
  }
}
