// A request's JSON body, or the refusal that says what is wrong with it.
//
// The length is counted on the stream: a Content-Length may be absent or wrong.

import { Refused } from "./problem.ts";
import { readCapped } from "./stream.ts";

export const MAX_BODY_BYTES = 1024 * 1024;

/** One thing that is wrong with a body: where, as a JSON Pointer (RFC 6901), and what. */
export interface FieldError {
  readonly pointer: string;
  readonly message: string;
}

/** Throws Refused: 415 for another media type, 413 for more than 1 MiB, 400 for what is not JSON. */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (type.split(";", 1)[0]!.trim().toLowerCase() !== "application/json") {
    throw new Refused({
      status: 415,
      title: "Unsupported media type",
      detail: `The body must be JSON, but its Content-Type is ${type ? `"${type}"` : "absent"}.`,
      members: { hint: "Send the header `Content-Type: application/json`." },
      headers: { Accept: "application/json" },
    });
  }
  const declared = Number(request.headers.get("content-length") ?? 0);
  const bytes = declared > MAX_BODY_BYTES ? null : await readCapped(request.body, MAX_BODY_BYTES);
  if (bytes === null) {
    throw new Refused({
      status: 413,
      title: "Content too large",
      detail: `The body is larger than ${MAX_BODY_BYTES} bytes (1 MiB).`,
      members: { hint: "Store large data, for example in R2, and pass where it is." },
    });
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message : "it is not UTF-8";
    throw new Refused({ status: 400, title: "Malformed body", detail: `The body is not valid JSON: ${why}.` });
  }
}

/** Refuses a body with everything that is wrong with it, at once. */
export function invalid(errors: readonly FieldError[]): Refused {
  return new Refused({
    status: 422,
    title: "Invalid request",
    detail: errors.map(({ pointer, message }) => `${pointer || "the body"} ${message}`).join("; ") + ".",
    members: { errors },
  });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An error for each of the `members` that the object at `pointer` should not have. */
export function unknownMembers(members: Readonly<Record<string, unknown>>, pointer: string, message: string) {
  // A member's name in a JSON Pointer: RFC 6901, section 3.
  const token = (name: string) => name.replaceAll("~", "~0").replaceAll("/", "~1");
  return Object.keys(members).map((name): FieldError => ({ pointer: `${pointer}/${token(name)}`, message }));
}
