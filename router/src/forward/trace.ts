// W3C Trace Context: the trace that a caller began is continued, otherwise one begins here. The twin of
// orchestrator/dispatch/trace.py.

// A later version may append members; what is known of version 00 is read from it all the same.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:$|-)/;
const SAMPLED = 1;

/** The `traceparent` of the forwarded request: the caller's trace and sampling, with a span of its own. */
export function traceparent(received: string | null): string {
  const [, trace, flags] = TRACEPARENT.exec(received ?? "") ?? [];
  const isValid = trace !== undefined && (received!.length === 55 || !received!.startsWith("00"));
  const sampled = isValid ? Number.parseInt(flags!, 16) & SAMPLED : SAMPLED;
  return `00-${isValid ? trace : randomHex(16)}-${randomHex(8)}-0${sampled}`;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function randomHex(bytes: number): string {
  let hex = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(bytes))) hex += HEX[byte];
  return hex;
}
