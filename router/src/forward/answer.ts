// What an autopilot answered: as it is told to the caller, and as it is kept for a repeat. It was read whole, unless it is
// passed on as it comes.

import { isObject } from "#worker-kit/validation.ts";
import type { PassedOn } from "./passed-on.ts";
import type { Answered } from "./retry.ts";

export interface Answer extends Answered {
  readonly type: string | null;
  /** Its Content-Encoding, where the body is still in it. */
  readonly encoding: string | null;
  /** Empty where it is passed on as it comes. */
  readonly body: Uint8Array;
  readonly passedOn?: PassedOn | undefined;
}

/** What workerd undoes by itself: such a body is read as it was before. */
const DECODED = new Set(["gzip", "br", "identity"]);

/** The Content-Encoding that a body read from `headers`' answer still has. */
export function encodingOf(headers: Headers): string | null {
  const encoding = headers.get("content-encoding");
  return encoding === null || DECODED.has(encoding.trim().toLowerCase()) ? null : encoding;
}

const WITHOUT_BODY = new Set([204, 205]);

/** The autopilot's status, content type, encoding, Retry-After and body, with `headers` beside them. */
export function answerResponse(
  { status, type, encoding, retryAfter, body, passedOn }: Omit<Answer, "body"> & { readonly body: Uint8Array | string },
  headers: Readonly<Record<string, string>>,
): Response {
  const all = new Headers(headers);
  if (type) all.set("content-type", type);
  if (encoding) all.set("content-encoding", encoding);
  if (retryAfter) all.set("retry-after", retryAfter);
  if (passedOn) all.set("cache-control", "no-store, no-transform"); // to compress it could hold parts of it back
  const encodeBody = encoding ? "manual" : "automatic";
  return new Response(WITHOUT_BODY.has(status) ? null : (passedOn?.body ?? body), { status, headers: all, encodeBody });
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

/** The problem document that it is, if it is one. */
export function problemOf({ type, body }: Answer): Record<string, unknown> | undefined {
  if (!type?.startsWith("application/problem+json")) return undefined;
  try {
    const document: unknown = JSON.parse(textOf(body) ?? "null");
    return isObject(document) ? document : undefined;
  } catch {
    return undefined;
  }
}
