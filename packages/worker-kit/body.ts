// A request's JSON body, or the refusal that says what is wrong with it.
//
// The length is counted on the stream: a Content-Length may be absent or wrong.

import { Problem } from "./problem.ts";
import { readCapped } from "./stream.ts";

const MAX_SMALL = 64 * 1024;

/** The body's text as it was sent, a byte order mark too. Throws a problem: 415 for another media type, 413, 400. */
export async function readJsonText(request: Request, limit: number): Promise<string> {
  const type = request.headers.get("content-type") ?? "";
  if (type.split(";", 1)[0]!.trim().toLowerCase() !== "application/json") {
    throw new Problem({
      status: 415,
      title: "Unsupported media type",
      detail: `The body must be JSON, but its Content-Type is ${type ? `"${type}"` : "absent"}.`,
      members: { hint: "Send the header `Content-Type: application/json`." },
      headers: { accept: "application/json" },
    });
  }
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.trim().toLowerCase() !== "identity") {
    throw new Problem({
      status: 415,
      title: "Unsupported media type",
      detail: `The body must not be compressed, but its Content-Encoding is "${encoding}".`,
      members: { hint: "Send it as it is, without the header Content-Encoding." },
      headers: { "accept-encoding": "identity" },
    });
  }
  const declared = Number(request.headers.get("content-length") ?? 0);
  const bytes =
    declared > limit ? null : await (isSmall(declared) ? readWhole(request, limit) : readCapped(request.body, limit));
  if (bytes === null) {
    throw new Problem({
      status: 413,
      title: "Content too large",
      detail: `The body is larger than ${limit} bytes (${limit / 1024} KiB).`,
      members: { limit, hint: "Store large data, for example in R2, and pass where it is." },
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("it is not UTF-8");
  }
}

/** HTTP holds a body to its declared length; a small one that is whole costs less to read at once. */
function isSmall(declared: number): boolean {
  return declared > 0 && declared <= MAX_SMALL;
}

async function readWhole(request: Request, limit: number): Promise<ArrayBuffer | null> {
  const bytes = await request.arrayBuffer();
  return bytes.byteLength > limit ? null : bytes;
}

/** The value that `text` holds. Throws a problem: 400. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw malformed((error as Error).message);
  }
}

function malformed(why: string): Problem {
  return new Problem({ status: 400, title: "Malformed body", detail: `The body is not valid JSON: ${why}.` });
}
