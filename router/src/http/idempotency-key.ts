// The header Idempotency-Key. Its draft (draft-ietf-httpapi-idempotency-key-header) makes it a string of structured
// fields, in quotation marks; most clients send it bare. Both are the same key. The twin of `key_of` in
// orchestrator/dispatch/request.py.

const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

/** The key without its quotation marks; null without one. */
export function idempotencyKeyOf({ headers }: Request): string | null {
  const given = headers.get("idempotency-key");
  const quoted = QUOTED.exec(given ?? "")?.[1];
  return quoted === undefined ? given : quoted.replace(/\\(.)/g, "$1");
}
