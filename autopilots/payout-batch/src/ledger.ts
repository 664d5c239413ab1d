// The ledger: what was asked for, item by item, and what became of it. Every step is one statement or one transaction
// that names the state it starts from, so that of two isolates only one can take it.
import { migrate } from "#worker-kit/migrations.ts";
import type { Env } from "./env.ts";
import type { Asked } from "./meta.ts";
import { SCHEMA } from "./schema.ts";

/**
 * `waiting`: not sent under its present key, or sent and certainly not done. `sending`: it may have been done. `looking`:
 * a person said that it was not done, and Stripe is asked before it is sent anew. `paid`, `refused` (nothing moved) and
 * `stuck` (a person has to look) are final.
 */
type ItemStatus = "waiting" | "sending" | "looking" | "paid" | "refused" | "stuck";

export interface Item {
  readonly payee: string;
  readonly reference: string;
  readonly currency: string;
  readonly named: number;
  readonly batch: string;
  readonly position: number;
  readonly amount: number;
  readonly description: string | null;
  status: ItemStatus;
  key_number: number;
  sent_at: number | null;
  doubt: number;
  readonly tries: number;
  next_at: number;
  transfer: string | null;
  reason: string | null;
  upstream: number | null;
}

export interface Batch {
  readonly id: string;
  readonly run: string;
  readonly caller: string;
  readonly fingerprint: string;
  readonly attempt: number;
  readonly currency: string;
  readonly total: number;
  readonly status: "approval" | "open" | "final";
  /** JSON: a list of sentences. */
  readonly reasons: string;
  readonly over_day: number;
  readonly next_at: number;
  readonly decided_by: string | null;
  readonly answer: string | null;
  /** 1 where the orchestrator has heard that a person has to look. */
  readonly told: number;
}

/** Whose a batch is. */
export interface Order {
  readonly id: string;
  readonly run: string;
  readonly caller: string;
  readonly fingerprint: string;
  readonly attempt: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Longer than an invocation can take. */
const LEASE_MS = 60_000;

export async function ledger(env: Env): Promise<D1Database> {
  await migrate(env.EFH_PAYOUTS, SCHEMA);
  return env.EFH_PAYOUTS;
}

export function findBatch(db: D1Database, id: string): Promise<Batch | null> {
  return db.prepare("SELECT * FROM batches WHERE id = ?").bind(id).first<Batch>();
}

export function findBatchOfRun(db: D1Database, run: string): Promise<Batch | null> {
  return db.prepare("SELECT * FROM batches WHERE run = ? ORDER BY created_at DESC LIMIT 1").bind(run).first<Batch>();
}

/** A batch with its items, in one call; null where there is no such batch. */
export async function readBatch(db: D1Database, id: string): Promise<{ batch: Batch; items: Item[] } | null> {
  const [found, items] = await db.batch([
    db.prepare("SELECT * FROM batches WHERE id = ?").bind(id),
    db.prepare("SELECT * FROM items WHERE batch = ? ORDER BY position").bind(id),
  ]);
  const batch = found!.results[0] as Batch | undefined;
  return batch ? { batch, items: items!.results as Item[] } : null;
}

export async function itemsOf(db: D1Database, batch: string): Promise<Item[]> {
  return (await db.prepare("SELECT * FROM items WHERE batch = ? ORDER BY position").bind(batch).all<Item>()).results;
}

/** Those of `payees` that were paid before. */
export async function payeesPaid(db: D1Database, payees: readonly string[]): Promise<Set<string>> {
  const { results } = await db
    .prepare("SELECT DISTINCT payee FROM items WHERE payee IN (SELECT value FROM json_each(?)) AND status = 'paid'")
    .bind(JSON.stringify(payees))
    .all<{ payee: string }>();
  return new Set(results.map(({ payee }) => payee));
}

// ?1 batch, ?2 items, ?3 the number of their keys. An item that another batch has stays that one's, unless nothing came
// of it there.
export const TAKE = `INSERT INTO items (payee, reference, currency, named, batch, position, amount, description, status, key_number)
  SELECT value ->> 'destination', coalesce(value ->> 'reference', 'payout ' || ?1), value ->> 'currency',
    value ->> 'reference' IS NOT NULL, ?1, key, value ->> 'amount', value ->> 'description', 'waiting', ?3
  FROM json_each(?2) WHERE true
  ON CONFLICT (payee, reference, currency) DO UPDATE SET named = excluded.named, batch = excluded.batch,
    position = excluded.position, amount = excluded.amount, description = excluded.description, status = 'waiting',
    key_number = excluded.key_number, sent_at = NULL, doubt = 0, tries = 0, next_at = 0, reason = NULL, upstream = NULL
  WHERE items.status = 'refused' AND items.batch <> excluded.batch`;
// The day's cap is held here, where nothing comes between.
const OPEN = `INSERT INTO batches (id, run, caller, fingerprint, attempt, currency, total, size, taken, status, reasons,
    over_day, created_at)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, (SELECT count(*) FROM items WHERE batch = ?1),
    CASE WHEN over OR ?9 <> '[]' THEN 'approval' ELSE 'open' END, ?9, over, ?10
  FROM (SELECT coalesce(?7 + coalesce(sum(amount), 0) > ?11, 0) AS over FROM items JOIN batches ON batches.id = items.batch
    WHERE items.currency = ?6 AND items.status <> 'refused' AND batches.created_at >= ?12)`;

/**
 * Writes the batch and its items, all or nothing, before money moves. `dayCap` null: none. False where an item is
 * another batch's, or the batch is there already.
 */
export async function openBatch(
  db: D1Database,
  order: Order,
  asked: Asked,
  reasons: readonly string[],
  dayCap: number | null,
): Promise<boolean> {
  const { id, run, caller, fingerprint, attempt } = order;
  const { currency, total, payouts } = asked;
  const now = Date.now();
  try {
    await db.batch([
      // Of a batch of which nothing came, asked for anew with other items.
      db.prepare("DELETE FROM items WHERE batch = ? AND status = 'refused'").bind(id),
      db
        .prepare(
          "DELETE FROM batches WHERE id = ?1 AND attempt < ?2 AND NOT EXISTS (SELECT 1 FROM items WHERE batch = ?1)",
        )
        .bind(id, attempt),
      db.prepare(TAKE).bind(id, JSON.stringify(payouts), attempt - 1),
      db
        .prepare(OPEN)
        .bind(
          ...[id, run, caller, fingerprint, attempt, currency, total, payouts.length, JSON.stringify(reasons), now],
          ...[dayCap, now - (now % DAY_MS)],
        ),
    ]);
    return true;
  } catch (error) {
    if (/constraint/i.test(String(error))) return false;
    throw error;
  }
}

/** The items of the ledger that stand in the way of these. */
export async function itemsInTheWay(db: D1Database, asked: Asked): Promise<Item[]> {
  const { results } = await db
    .prepare(
      `SELECT items.* FROM items JOIN json_each(?) ON payee = value ->> 'destination'
        AND reference = value ->> 'reference' AND currency = value ->> 'currency' WHERE status <> 'refused'`,
    )
    .bind(JSON.stringify(asked.payouts))
    .all<Item>();
  return results;
}

/** A new attempt: what was refused gets a new key, what is stuck is looked up before it does, and who said no is asked again. */
export async function openAgain(db: D1Database, { id, attempt }: Order): Promise<void> {
  await db.batch([
    db
      .prepare(
        `UPDATE items SET status = CASE status WHEN 'stuck' THEN 'looking' ELSE 'waiting' END,
          key_number = key_number + (status = 'refused'), sent_at = CASE status WHEN 'stuck' THEN sent_at END,
          doubt = status = 'stuck', tries = 0, next_at = 0, reason = NULL, upstream = NULL
        WHERE batch = ?1 AND status IN ('refused', 'stuck')
          AND EXISTS (SELECT 1 FROM batches WHERE id = ?1 AND attempt < ?2)`,
      )
      .bind(id, attempt),
    db
      .prepare(
        `UPDATE batches SET attempt = ?2, next_at = 0, told = 0, status = CASE
          WHEN status <> 'final' THEN status WHEN approved = 0 THEN 'approval' ELSE 'open' END
        WHERE id = ?1 AND attempt < ?2`,
      )
      .bind(id, attempt),
  ]);
}

/** Somebody's word on a batch that waits for it; false where none is waited for. */
export async function decide(
  db: D1Database,
  id: string,
  { approved, by, note }: { approved: boolean; by: string; note: string | null },
): Promise<boolean> {
  const now = Date.now();
  const [refused, decided] = await db.batch([
    db
      .prepare(
        `UPDATE items SET status = 'refused', reason = ?2 WHERE batch = ?1 AND NOT ?3 AND status = 'waiting'
          AND EXISTS (SELECT 1 FROM batches WHERE id = ?1 AND status = 'approval')`,
      )
      .bind(id, `${by} did not approve it.`, Number(approved)),
    db
      .prepare(
        `UPDATE batches SET status = ?2, decided_by = ?3, decided_at = ?4, note = ?5, approved = ?6, next_at = 0
        WHERE id = ?1 AND status = 'approval'`,
      )
      .bind(id, approved ? "open" : "final", by, now, note, Number(approved)),
  ]);
  void refused;
  return decided!.meta.changes > 0;
}

/** Takes an open batch for an invocation, so that no other is at it; null where another is, or it is not open. */
export function lease(db: D1Database, id: string, token: string, now: number): Promise<Batch | null> {
  return db
    .prepare(
      `UPDATE batches SET lease = ?2, lease_until = ?3 WHERE id = ?1 AND status = 'open' AND lease_until <= ?4
      RETURNING *`,
    )
    .bind(id, token, now + LEASE_MS, now)
    .first<Batch>();
}

/** Marks what is due as being sent, before it is, and answers those: at most `most`, in their order. */
export async function claimDue(db: D1Database, batch: string, now: number, most: number): Promise<Item[]> {
  const { results } = await db
    .prepare(
      `UPDATE items SET doubt = max(doubt, status = 'sending'), tries = tries + 1,
        sent_at = CASE status WHEN 'looking' THEN sent_at ELSE coalesce(sent_at, ?2) END,
        status = CASE status WHEN 'looking' THEN 'looking' ELSE 'sending' END
      WHERE (payee, reference, currency) IN (SELECT payee, reference, currency FROM items WHERE batch = ?1
        AND status IN ('waiting', 'sending', 'looking') AND next_at <= ?2 ORDER BY position LIMIT ?3) RETURNING *`,
    )
    .bind(batch, now, most)
    .all<Item>();
  return results.sort((a, b) => a.position - b.position);
}

/** Before an item is sent under another key than it was. */
export async function renewKey(db: D1Database, item: Item, now: number): Promise<void> {
  Object.assign(item, { key_number: item.key_number + 1, sent_at: now, doubt: 0, status: "sending" });
  await db
    .prepare(
      `UPDATE items SET key_number = ?4, sent_at = ?5, doubt = 0, status = 'sending'
      WHERE payee = ?1 AND reference = ?2 AND currency = ?3 AND status = 'looking'`,
    )
    .bind(item.payee, item.reference, item.currency, item.key_number, now)
    .run();
}

/** Records what became of the items, gives the batch back, and says when something of it is due again. */
export async function settle(db: D1Database, batch: string, token: string, items: readonly Item[]): Promise<void> {
  const open = "SELECT 1 FROM items WHERE batch = ?1 AND status IN ('waiting', 'sending', 'looking')";
  await db.batch([
    db
      .prepare(
        `UPDATE items SET status = new.status, doubt = new.doubt, next_at = new.next_at, transfer = new.transfer,
          reason = new.reason, upstream = new.upstream
        FROM (SELECT value ->> 'payee' AS payee, value ->> 'reference' AS reference, value ->> 'currency' AS currency,
          value ->> 'status' AS status, value ->> 'doubt' AS doubt, value ->> 'next_at' AS next_at,
          value ->> 'transfer' AS transfer, value ->> 'reason' AS reason, value ->> 'upstream' AS upstream,
          value ->> 'key_number' AS key_number FROM json_each(?2)) AS new
        WHERE items.payee = new.payee AND items.reference = new.reference AND items.currency = new.currency
          AND items.batch = ?1 AND items.key_number = new.key_number
          AND items.status IN ('waiting', 'sending', 'looking')`,
      )
      .bind(batch, JSON.stringify(items)),
    db
      .prepare(
        `UPDATE batches SET lease_until = 0, status = CASE WHEN EXISTS (${open}) THEN 'open' ELSE 'final' END,
          next_at = coalesce((SELECT min(next_at) FROM items WHERE batch = ?1
            AND status IN ('waiting', 'sending', 'looking')), 0)
        WHERE id = ?1 AND lease = ?2 AND status = 'open'`,
      )
      .bind(batch, token),
  ]);
}

/** The open batch that has been due longest. */
export async function findDue(db: D1Database, now: number): Promise<string | null> {
  return await db
    .prepare(
      "SELECT id FROM batches WHERE status = 'open' AND next_at <= ?1 AND lease_until <= ?1 ORDER BY next_at LIMIT 1",
    )
    .bind(now)
    .first<string>("id");
}
