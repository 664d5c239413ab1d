// A mail goes out once for its key: the claim is written before it is sent. What the mail service refused frees the key;
// where nobody knows, the same key goes to the service again for as long as that remembers it, and then a person looks.
// Cloudflare's binding remembers none, so there a person looks at once.
import { Problem } from "#worker-kit/problem.ts";
import { addressKey } from "../address.ts";
import { records } from "../database.ts";
import type { Env } from "../env.ts";
import { fingerprintOf, reusedKey } from "../repeats.ts";
import { handOver, knowsRepeats, type Outgoing, type Sent } from "./outbox.ts";

/** Longer than a call of the service can take. */
const RUNNING_MS = 60_000;
/** Resend remembers a key for 24 hours; an hour is for clocks and queues. */
const SERVICE_REMEMBERS_MS = 23 * 60 * 60 * 1000;

interface Claim {
  fingerprint: string;
  answer: string | null;
  claimed_at: number;
  tried_at: number;
}

/** Throws a problem: 409 while it is sent or where nobody knows, 422 for a key that sent another mail. */
export async function sendOnce(env: Env, mail: Outgoing, key: string): Promise<Sent> {
  const db = await records(env);
  const fingerprint = await fingerprintOf(mail);
  const now = Date.now();
  const remembered = knowsRepeats(env) ? SERVICE_REMEMBERS_MS : 0;
  // One statement: of two at once, one finds that the other one is at it.
  const claimed = await db
    .prepare(
      `INSERT INTO sent (key, fingerprint, address, claimed_at, tried_at) VALUES (?1, ?2, ?3, ?4, ?4)
       ON CONFLICT (key) DO UPDATE SET tried_at = ?4
         WHERE answer IS NULL AND fingerprint = ?2 AND tried_at <= ?5 AND claimed_at >= ?6
       RETURNING key`,
    )
    .bind(key, fingerprint, addressKey(mail.to[0] ?? ""), now, now - RUNNING_MS, now - remembered)
    .first();
  if (!claimed) return await earlier(db, key, fingerprint);
  try {
    const sent = await handOver(env, mail, key);
    await db.prepare("UPDATE sent SET answer = ? WHERE key = ?").bind(JSON.stringify(sent), key).run();
    return sent;
  } catch (error) {
    // Where it may have been sent before, a refusal now says nothing of that.
    const isFirst = "claimed_at = tried_at";
    if (error instanceof Problem && error.members.outcome === "rejected") {
      await db.prepare(`DELETE FROM sent WHERE key = ? AND answer IS NULL AND ${isFirst}`).bind(key).run();
    }
    throw error;
  }
}

async function earlier(db: D1Database, key: string, fingerprint: string): Promise<Sent> {
  const claim = await db.prepare("SELECT * FROM sent WHERE key = ?").bind(key).first<Claim>();
  if (claim && claim.fingerprint !== fingerprint) throw reusedKey(key);
  if (claim?.answer) return JSON.parse(claim.answer) as Sent;
  if (!claim || claim.tried_at > Date.now() - RUNNING_MS) {
    throw new Problem({
      status: 409,
      title: "Already running",
      detail:
        "This mail is being sent, or was a moment ago and nobody knows how that ended. Send the task again later.",
      members: { outcome: "unknown" },
      headers: { "retry-after": String(RUNNING_MS / 1000) },
    });
  }
  const detail =
    "Nobody knows whether this mail was sent, and the mail service does not know its key. Look there, then take a new key.";
  throw new Problem({ status: 409, title: "Outcome unknown", detail, members: { outcome: "unknown" } });
}
