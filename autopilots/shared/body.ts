// A request's body as text: JSON only (415), UTF-8 only (400), capped in size whether or not the length is announced
// (413).
import { Problem } from "./problem.ts";

/** The orchestrator takes 1 MiB from its callers and wraps it in an envelope. */
export const MAX_BODY = 1024 * 1024 + 16 * 1024;

export async function readJsonText(request: Request): Promise<string> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Problem(415, "Unsupported media type", "Send the body as application/json.", {}, {
      accept: "application/json",
    });
  }
  const bytes = await readCapped(request);
  try {
    // A byte order mark stays in the text: the signature was made over it.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Problem(400, "Malformed body", "The body is not valid UTF-8.");
  }
}

async function readCapped(request: Request): Promise<Uint8Array> {
  const tooLarge = () =>
    new Problem(413, "Content too large", `The body is larger than ${MAX_BODY} bytes.`, { limit: MAX_BODY });
  if (Number(request.headers.get("content-length")) > MAX_BODY) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_BODY) throw tooLarge();
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
