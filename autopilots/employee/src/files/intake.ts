// Files that are handed in, kept in the private bucket; size, SHA-256 and type are found out here, not believed.
//   files.intake.upload {name, content}   a small one, in the task itself; `email` says whose it is
//   files.intake.upload {name, size}      a large one: a ticket, with which PUT /f/<id> takes it as it is
//   files.intake.get {key}                what is known of it, and the file or a ticket for GET /f/<id>
import * as v from "valibot";
import { sha256 } from "#worker-kit/hash.ts";
import { Problem } from "#worker-kit/problem.ts";
import { integer, object, string } from "#worker-kit/validation.ts";
import type { Call } from "../../../shared/serve.ts";
import { requireTicket, type Ticket, ticketFor } from "../../../shared/ticket.ts";
import { email, validate } from "../../../shared/validate.ts";
import { addressKey } from "../address.ts";
import { records } from "../database.ts";
import type { Env } from "../env.ts";
import { reusedKey } from "../repeats.ts";
import { fileKey, idOfKey, keyOf } from "./key.ts";
import { digestOf, expectFile, type FileRow, findFile, type NewFile, storeBytes, storeStream } from "./store.ts";

/** 25 MiB. */
const MAX_SIZE = 25 * 1024 * 1024;
/** What an answer carries; the router passes on more, but as base64 it grows by a third. */
const MAX_INLINE = 512 * 1024;

const META = v.pipe(
  object({
    name: string(/^(?!\.{1,2}$)[^\p{C}\\/]+$/u, { max: 200, message: "must be a file's name without a folder" }),
    contentType: v.optional(
      string(/^[\w.+-]+\/[\w.+-]+$/, { max: 100, message: "must be a media type such as application/pdf" }),
    ),
    content: v.optional(
      v.pipe(
        v.string("must be base64 with its padding"),
        v.rawTransform(({ dataset, addIssue, NEVER }) => {
          try {
            return Uint8Array.fromBase64(dataset.value, { lastChunkHandling: "strict" });
          } catch {
            addIssue({ message: "must be base64 with its padding" });
            return NEVER;
          }
        }),
      ),
    ),
    size: v.optional(integer({ min: 1, max: MAX_SIZE })),
    /** Of the person whose file it is: so it is found when that person is to be forgotten. */
    email: v.optional(email),
  }),
  v.check(({ content, size }) => (content === undefined) !== (size === undefined), "needs either content or size"),
);
const ONE = object({ key: fileKey });

/** 201 with the file's key; 200 when the same call stored it before; 202 with a ticket; 422 when that was another file. */
export async function uploadFile({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  const { content, name, contentType: declared = null, size, email: owner } = validate(META, meta);
  const address = owner === undefined ? null : addressKey(owner);
  const id = await sha256(`file\n${repeatKey}`, 32);
  const db = await records(env);
  const digest = content && (await digestOf(content));
  const told = [name, declared, size, digest, ...(address === null ? [] : [address])];
  const file = { id, name, declared, address, fingerprint: await sha256(JSON.stringify(told)) };
  if (content && digest !== undefined) {
    const { row, isNew } = await storeBytes(env, db, file, content, digest);
    return Response.json(show(sameFile(row, file)), { status: isNew ? 201 : 200 });
  }
  const row = sameFile(await expectFile(db, file), file);
  if (row.object !== null) return Response.json(show(row));
  return Response.json({ key: keyOf(id), upload: await ticket(env, "PUT", id, size) }, { status: 202 });
}

function sameFile(row: FileRow, { id, fingerprint }: NewFile): FileRow {
  if (row.fingerprint !== fingerprint) throw reusedKey(keyOf(id));
  return row;
}

/** 200 with `content` in base64 or, of a large file, `download`: where it is, with the header that opens it. */
export async function getFile({ env, meta }: Call<Env>): Promise<Response> {
  const id = idOfKey(validate(ONE, meta).key);
  const row = await findFile(env, await records(env), id);
  if (!row || row.object === null) throw noSuchFile(id);
  if ((row.size ?? 0) > MAX_INLINE) return Response.json({ ...show(row), download: await ticket(env, "GET", id) });
  const object = await env.EFH_PRIVATE.get(row.object);
  if (!object) throw noSuchFile(id);
  return Response.json({ ...show(row), content: (await object.bytes()).toBase64() });
}

/** PUT and GET /f/<id>, with a ticket. Null for any other path. */
export async function passFile(request: Request, url: URL, env: Env): Promise<Response | null> {
  const id = /^\/f\/([0-9a-f]{32})$/.exec(url.pathname)?.[1];
  if (id === undefined) return null;
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (method !== "PUT" && method !== "GET") return null;
  const { size } = await requireTicket(env.WEBHOOK_SECRET, request, method, id);
  const db = await records(env);
  const row = await findFile(env, db, id);
  if (!row) throw noSuchFile(id);
  if (method === "PUT") return await takeFile(request, env, db, row, size);
  const object = row.object === null ? null : await env.EFH_PRIVATE.get(row.object);
  if (!object) throw noSuchFile(id);
  return new Response(object.body, {
    headers: {
      "content-type": row.type ?? "application/octet-stream",
      "content-length": String(object.size),
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(row.name)}`,
      "content-security-policy": "default-src 'none'; sandbox",
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-store",
    },
  });
}

async function takeFile(request: Request, env: Env, db: D1Database, row: FileRow, size: number): Promise<Response> {
  if (row.object !== null) return Response.json(show(row));
  if (Number(request.headers.get("content-length")) !== size || !request.body) {
    const detail = `The ticket is for a file of ${size} bytes; send it whole, with its Content-Length.`;
    throw new Problem({ status: 422, title: "Another size", detail, members: { size } });
  }
  const { row: stored, isNew } = await storeStream(env, db, row, request.body, size);
  return Response.json(show(stored), { status: isNew ? 201 : 200 });
}

async function ticket(env: Env, method: "PUT" | "GET", id: string, size = 0): Promise<Ticket> {
  if (!env.PUBLIC_URL) {
    const detail =
      "A file of this size goes to the Worker's public address, and it has none: `public: true` gives it one.";
    throw new Problem({ status: 503, title: "Not configured", detail, members: { outcome: "rejected" } });
  }
  return await ticketFor(env.WEBHOOK_SECRET, new URL(`/f/${id}`, env.PUBLIC_URL).href, method, id, size);
}

function show(row: FileRow) {
  const { id, name, size, sha256: digest, type, declared, created_at: createdAt } = row;
  return { key: keyOf(id), name, size, sha256: digest, contentType: type, declaredType: declared, createdAt };
}

function noSuchFile(id: string): Problem {
  const detail = `There is no file ${keyOf(id)}, or it was never sent.`;
  return new Problem({ status: 404, title: "No such file", detail, members: { key: keyOf(id), outcome: "rejected" } });
}
