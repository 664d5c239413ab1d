// The claims of an earlier version, objects in R2 under `payouts/`: they are read into the ledger, a few at a time, before
// anything else is paid, so that what was paid then is not paid again. They stay where they are.
//
// One that is not as that version wrote it stops nothing. What it was about is not known, so the payout of its key is
// unknown: it is written in the ledger as that when it is asked for again, and then a person says.
import * as v from "valibot";
import { check } from "#worker-kit/validation.ts";
import type { Env } from "./env.ts";
import { type Batch, type Order, TAKE } from "./ledger.ts";
import type { Asked } from "./meta.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** As that version wrote it. */
const CLAIM = v.object({
  status: v.picklist(["running", "done", "not-done", "unknown"]),
  fingerprint: v.pipe(v.string(), v.nonEmpty()),
  attempt: count,
  transfers: v.array(
    v.object({
      destination: v.string(),
      amount: count,
      currency: v.string(),
      description: v.optional(v.string()),
      reference: v.optional(v.string()),
      status: v.picklist(["waiting", "paid", "rejected", "unknown"]),
      id: v.optional(v.string()),
      reason: v.optional(v.string()),
      refusals: count,
    }),
  ),
  answer: v.optional(
    v.object({ status: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)), body: v.string() }),
  ),
});

const PREFIX = "payouts/";
/** With two calls of D1 for each it stays below what a request may call. */
const AT_ONCE = 15;
/** Of a batch whose claim could not be read: no request has it. */
const UNREADABLE = "";
/** More than that version ever came to, so that no Stripe key is one of its own. */
const PAST_KEYS = 1_000;

const known = new WeakSet<D1Database>();

/** Reads the next few; true once all are read. */
export async function importClaims(env: Env, db: D1Database): Promise<boolean> {
  if (known.has(db)) return true;
  const place = await db.prepare("SELECT after, done FROM imported").first<{ after: string | null; done: number }>();
  if (!place!.done) {
    const { objects, truncated } = await env.EFH_PRIVATE.list({
      prefix: PREFIX,
      limit: AT_ONCE,
      ...(place!.after === null ? {} : { startAfter: place!.after }),
    });
    for (const { key } of objects) await importClaim(env, db, key);
    const after = objects.at(-1)?.key ?? place!.after;
    await db.prepare("UPDATE imported SET after = ?, done = ?").bind(after, Number(!truncated)).run();
    if (truncated) return false;
  }
  known.add(db);
  return true;
}

async function importClaim(env: Env, db: D1Database, key: string): Promise<void> {
  const object = await env.EFH_PRIVATE.get(key);
  const batch = key.slice(PREFIX.length).replace(/\.json$/, "");
  if (!object) return;
  const claim = readClaim(await object.text());
  const seen = new Set<string>();
  const items = (claim?.transfers ?? []).map((transfer, position) => {
    const { destination, currency, reference, status, refusals } = transfer;
    const own = `payout ${batch} ${position}`;
    const name = JSON.stringify([destination, reference, currency]);
    const isFirst = reference !== undefined && !seen.has(name);
    seen.add(name);
    return {
      ...transfer,
      ...{ position, own, reference: isFirst ? reference : own, named: Number(reference !== undefined) },
      status: status === "paid" ? "paid" : status === "rejected" || claim?.status === "not-done" ? "refused" : "stuck",
      refusals,
    };
  });
  const total = items.reduce((sum, { amount }) => sum + amount, 0);
  await db.batch([
    db
      .prepare(
        `INSERT INTO items (payee, reference, currency, named, batch, position, amount, description, status, key_number,
          transfer, reason)
        SELECT value ->> 'destination', CASE WHEN EXISTS (SELECT 1 FROM items AS other
            WHERE other.payee = value ->> 'destination' AND other.reference = value ->> 'reference'
            AND other.currency = value ->> 'currency') THEN value ->> 'own' ELSE value ->> 'reference' END,
          value ->> 'currency', value ->> 'named', ?1, value ->> 'position', value ->> 'amount',
          value ->> 'description', value ->> 'status', value ->> 'refusals', value ->> 'id', value ->> 'reason'
        FROM json_each(?2) WHERE NOT EXISTS (SELECT 1 FROM batches WHERE id = ?1)`,
      )
      .bind(batch, JSON.stringify(items)),
    db
      .prepare(
        `INSERT OR IGNORE INTO batches (id, run, caller, fingerprint, attempt, currency, total, size, taken, status,
          reasons, created_at, answer, told)
        VALUES (?1, '', '', ?2, ?3, ?4, ?5, ?6, ?6, 'final', '[]', ?7, ?8, 1)`,
      )
      .bind(
        ...[batch, claim?.fingerprint ?? UNREADABLE, claim?.attempt ?? 0, items[0]?.currency ?? "", total],
        ...[items.length, object.uploaded.getTime(), claim?.answer ? JSON.stringify(claim.answer) : null],
      ),
  ]);
}

/** Null for what that version cannot have written. */
function readClaim(text: string): v.InferOutput<typeof CLAIM> | null {
  try {
    const checked = check(CLAIM, JSON.parse(text));
    return "value" in checked ? checked.value : null;
  } catch {
    return null;
  }
}

/** Whether nobody knows what was asked for under this key, since its claim could not be read. */
export function isUnreadable({ fingerprint }: Batch): boolean {
  return fingerprint === UNREADABLE;
}

/**
 * Writes what is asked for under the key of such a claim as unknown: all or nothing. False where an item is another
 * batch's.
 */
export async function openUnknown(db: D1Database, order: Order, { currency, total, payouts }: Asked): Promise<boolean> {
  const { id, run, caller, fingerprint, attempt } = order;
  const reason = "An earlier version's record of this payout cannot be read, so nobody knows whether it was made.";
  try {
    await db.batch([
      db.prepare(TAKE).bind(id, JSON.stringify(payouts), PAST_KEYS),
      db
        .prepare(
          `UPDATE items SET status = 'stuck', reason = ?2
          WHERE batch = ?1 AND EXISTS (SELECT 1 FROM batches WHERE id = ?1 AND fingerprint = ?3)`,
        )
        .bind(id, reason, UNREADABLE),
      db
        .prepare(
          `UPDATE batches SET run = ?2, caller = ?3, fingerprint = ?4, attempt = ?5, currency = ?6, total = ?7, size = ?8,
            taken = (SELECT count(*) FROM items WHERE batch = ?1)
          WHERE id = ?1 AND fingerprint = ?9`,
        )
        .bind(id, run, caller, fingerprint, attempt, currency, total, payouts.length, UNREADABLE),
    ]);
    return true;
  } catch (error) {
    if (/constraint/i.test(String(error))) return false;
    throw error;
  }
}
