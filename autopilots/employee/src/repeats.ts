// Creating once: what a call made is kept under the call's key, in the same transaction, so that a repeat makes nothing.
import { sha256 } from "#worker-kit/hash.ts";
import { Problem } from "#worker-kit/problem.ts";

const KEPT_DAYS = 30;

/**
 * The statements that make something and remember it under `key`, as one transaction; `idOf` is an SQL expression that
 * gives its id afterwards. Answers the rows of the last of `making`; null where the key made something before.
 */
export async function makeOnce<T>(
  db: D1Database,
  { key, fingerprint }: { key: string; fingerprint: string },
  making: readonly D1PreparedStatement[],
  idOf: { sql: string; values: readonly string[] },
): Promise<T | null> {
  const now = new Date().toISOString();
  const remember = db
    .prepare(`INSERT INTO repeats (key, fingerprint, record, created_at) VALUES (?, ?, (${idOf.sql}), ?)`)
    .bind(key, fingerprint, ...idOf.values, now);
  try {
    const done = await db.batch<T>([...making, remember, forgetOldRepeats(db)]);
    return done[making.length - 1]?.results[0] ?? null;
  } catch (error) {
    // The key may have been used meanwhile; then nothing of this was made.
    if ((await findRepeat(db, key, fingerprint)) === null) throw error;
    return null;
  }
}

/** Of the data that came, in whatever order its members were. */
export async function fingerprintOf(data: object): Promise<string> {
  return await sha256(JSON.stringify(data));
}

interface Repeat {
  readonly fingerprint: string;
  readonly record: string;
}

/** What the call of this key made before; null where it made nothing. Throws a problem (422) where it came with other data. */
export async function findRepeat(db: D1Database, key: string, fingerprint: string): Promise<string | null> {
  const repeat = await db.prepare("SELECT fingerprint, record FROM repeats WHERE key = ?").bind(key).first<Repeat>();
  if (repeat && repeat.fingerprint !== fingerprint) throw reusedKey(repeat.record);
  return repeat?.record ?? null;
}

function forgetOldRepeats(db: D1Database): D1PreparedStatement {
  const before = new Date(Date.now() - KEPT_DAYS * 24 * 60 * 60 * 1000).toISOString();
  return db.prepare("DELETE FROM repeats WHERE created_at < ?").bind(before);
}

/** 422: the key that names a repeat came with something else. */
export function reusedKey(id: string): Problem {
  const detail = "This Idempotency-Key came with other data before. Repeat that call as it was, or take a new key.";
  const members = { id, outcome: "rejected" };
  return new Problem({ status: 422, title: "Idempotency-Key reused", detail, members });
}
