// A file's bytes go to R2 as they come, counted and hashed on the way; its row in D1 says the rest. Each try has an object of
// its own, and the first whole one is the file: of two at once the other one's object is deleted.
import type { Env } from "../env.ts";
import { keyOf } from "./key.ts";
import { typeOf } from "./type.ts";

export interface FileRow {
  id: string;
  name: string;
  /** The media type that the caller said. */
  declared: string | null;
  fingerprint: string;
  /** The key in EFH_PRIVATE; null until it is there, and so are the next ones. */
  object: string | null;
  size: number | null;
  sha256: string | null;
  /** The media type that its first bytes say. */
  type: string | null;
  /** Whose it is, as an address's key; null where nobody said so. */
  address: string | null;
  created_at: string;
}

export type NewFile = Pick<FileRow, "id" | "name" | "declared" | "fingerprint" | "address">;

/** The row of a file that is to come: a new one, or the one that an earlier call made. */
export async function expectFile(db: D1Database, file: NewFile): Promise<FileRow> {
  const { id, name, declared, fingerprint, address } = file;
  const made = await db
    .prepare(
      `INSERT INTO files (id, name, declared, fingerprint, address, created_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING RETURNING *`,
    )
    .bind(id, name, declared, fingerprint, address, new Date().toISOString())
    .first<FileRow>();
  return made ?? (await readRow(db, id))!;
}

/** The file's row; of one that an earlier version stored, under its key and with no row, it is made. */
export async function findFile(env: Env, db: D1Database, id: string): Promise<FileRow | null> {
  const row = await readRow(db, id);
  if (row) return row;
  const object = keyOf(id);
  const stored = await env.EFH_PRIVATE.get(object);
  if (!stored) return null;
  const { name = id, fingerprint = "" } = stored.customMetadata ?? {};
  const bytes = await stored.bytes();
  const found = { object, size: bytes.length, sha256: await digestOf(bytes), type: typeOf(bytes.subarray(0, HEAD)) };
  const file = { id, name, fingerprint, declared: stored.httpMetadata?.contentType ?? null, address: null };
  return (await settle(db, file, found)) ?? (await readRow(db, id));
}

/** A file as it is in the task. `isNew`: nothing was stored under this id before; else the row may be another file's. */
export async function storeBytes(
  env: Env,
  db: D1Database,
  file: NewFile,
  bytes: Uint8Array,
  sha256: string,
): Promise<{ row: FileRow; isNew: boolean }> {
  const object = newObject(file.id);
  await env.EFH_PRIVATE.put(object, bytes, OPTIONS);
  return await settleOrDelete(env, db, file, {
    object,
    size: bytes.length,
    sha256,
    type: typeOf(bytes.subarray(0, HEAD)),
  });
}

/** A file as it comes, of just so many bytes: R2 refuses another number. */
export async function storeStream(
  env: Env,
  db: D1Database,
  file: NewFile,
  stream: ReadableStream<Uint8Array>,
  size: number,
): Promise<{ row: FileRow; isNew: boolean }> {
  const object = newObject(file.id);
  const [toStore, toHash] = stream.tee();
  const hashing = new crypto.DigestStream("SHA-256");
  const fixed = new FixedLengthStream(size);
  await Promise.all([
    toStore.pipeTo(fixed.writable),
    toHash.pipeTo(hashing),
    env.EFH_PRIVATE.put(object, fixed.readable, OPTIONS),
  ]);
  const start = await env.EFH_PRIVATE.get(object, { range: { offset: 0, length: HEAD } });
  const sha256 = new Uint8Array(await hashing.digest).toHex();
  const type = typeOf((await start?.bytes()) ?? new Uint8Array());
  return await settleOrDelete(env, db, file, { object, size, sha256, type });
}

export async function digestOf(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** How much of a file says what it is. */
const HEAD = 4096;
const OPTIONS = {
  httpMetadata: { contentType: "application/octet-stream", contentDisposition: "attachment" },
};

function newObject(id: string): string {
  return `${keyOf(id)}/${crypto.randomUUID()}`;
}

type Stored = Pick<FileRow, "object" | "size" | "sha256" | "type">;

async function settleOrDelete(env: Env, db: D1Database, file: NewFile, stored: Stored & { object: string }) {
  const row = await settle(db, file, stored);
  if (row) return { row, isNew: true };
  await env.EFH_PRIVATE.delete(stored.object);
  return { row: (await readRow(db, file.id))!, isNew: false };
}

/** The first object that is whole is the file: null where another one is. */
async function settle(db: D1Database, file: NewFile, { object, size, sha256, type }: Stored): Promise<FileRow | null> {
  const { id, name, declared, fingerprint, address } = file;
  return await db
    .prepare(
      `INSERT INTO files (id, name, declared, fingerprint, object, size, sha256, type, address, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET
         object = excluded.object, size = excluded.size, sha256 = excluded.sha256, type = excluded.type
       WHERE object IS NULL AND fingerprint = excluded.fingerprint
       RETURNING *`,
    )
    .bind(id, name, declared, fingerprint, object, size, sha256, type, address, new Date().toISOString())
    .first<FileRow>();
}

async function readRow(db: D1Database, id: string): Promise<FileRow | null> {
  return await db.prepare("SELECT * FROM files WHERE id = ?").bind(id).first<FileRow>();
}
