// The claims of an earlier version, objects in R2 under `payouts/`: they are read into the ledger, a few at a time, before
// anything else is paid, so that what was paid then is not paid again. They stay where they are.
import type { Env } from "./env.ts";

/** As that version wrote it. */
interface Claim {
  readonly status: "running" | "done" | "not-done" | "unknown";
  readonly fingerprint: string;
  readonly attempt: number;
  readonly expiresAt: number;
  readonly transfers: readonly {
    readonly destination: string;
    readonly amount: number;
    readonly currency: string;
    readonly description?: string;
    readonly reference?: string;
    readonly status: "waiting" | "paid" | "rejected" | "unknown";
    readonly id?: string;
    readonly reason?: string;
    readonly refusals: number;
  }[];
  readonly answer?: { readonly status: number; readonly body: string };
}

const PREFIX = "payouts/";
/** With two calls of D1 for each it stays below what a request may call. */
const AT_ONCE = 15;

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
  const claim = await object.json<Claim>();
  const seen = new Set<string>();
  const items = claim.transfers.map((transfer, position) => {
    const { destination, currency, reference, status, refusals } = transfer;
    const own = `payout ${batch} ${position}`;
    const name = JSON.stringify([destination, reference, currency]);
    const isFirst = reference !== undefined && !seen.has(name);
    seen.add(name);
    return {
      ...transfer,
      ...{ position, own, reference: isFirst ? reference : own, named: Number(reference !== undefined) },
      status: status === "paid" ? "paid" : status === "rejected" || claim.status === "not-done" ? "refused" : "stuck",
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
          reasons, created_at, answer)
        VALUES (?1, '', '', ?2, ?3, ?4, ?5, ?6, ?6, 'final', '[]', ?7, ?8)`,
      )
      .bind(
        ...[batch, claim.fingerprint, claim.attempt, items[0]?.currency ?? "", total, items.length],
        ...[object.uploaded.getTime(), claim.answer ? JSON.stringify(claim.answer) : null],
      ),
  ]);
}
