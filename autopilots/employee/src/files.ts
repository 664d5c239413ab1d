// Files that were handed in, kept in the private bucket. A task's body holds at most 1 MiB, so a file about 760 KiB.
import * as v from "valibot";
import { sha256 } from "#worker-kit/hash.ts";
import { object, string } from "#worker-kit/validation.ts";
import type { Call } from "../../shared/serve.ts";
import { validate } from "../../shared/validate.ts";
import type { Env } from "./env.ts";
import { reusedKey } from "./records.ts";

const BASE64 = string(/^[A-Za-z0-9+/]*={0,2}$/, { max: 1024 * 1024, message: "must be base64" });
const META = object({
  name: string(/^(?!\.{1,2}$)[^\p{C}\\/]+$/u, { max: 200, message: "must be a file's name without a folder" }),
  contentType: v.optional(
    string(/^[\w.+-]+\/[\w.+-]+$/, { max: 100, message: "must be a media type such as application/pdf" }),
    "application/octet-stream",
  ),
  content: v.pipe(
    BASE64,
    v.check((content) => content.length % 4 === 0, "must be base64 with its padding"),
  ),
});

/** 201 with the file's key; 200 when the same call stored it before; 422 when that was another file. */
export async function uploadFile({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  const file = validate(META, meta);
  const { name, contentType } = file;
  const bytes = Uint8Array.from(atob(file.content), (character) => character.charCodeAt(0));
  const key = `intake/${await sha256(`file\n${repeatKey}`, 32)}`;
  const fingerprint = await sha256(JSON.stringify(file));
  const stored = await env.EFH_PRIVATE.put(key, bytes, {
    httpMetadata: { contentType, contentDisposition: "attachment" },
    customMetadata: { name, fingerprint },
    // Of two repeats the first wins, and the second finds it.
    onlyIf: new Headers({ "if-none-match": "*" }),
  });
  if (stored === null) {
    const before = await env.EFH_PRIVATE.head(key);
    if (before?.customMetadata?.fingerprint !== fingerprint) throw reusedKey(key);
  }
  return Response.json({ key, name, contentType, size: bytes.byteLength }, { status: stored ? 201 : 200 });
}
