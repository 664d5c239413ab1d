// What waits for a person. Where nobody knows what became of a payout the orchestrator's run is `unknown`, and its own
// health warns; but it hears of that only when somebody repeats the request. Until then this autopilot's health warns.
import { log } from "#worker-kit/log.ts";
import type { Finding } from "../../shared/health.ts";
import type { Env } from "./env.ts";
import { type Batch, type Item, ledger } from "./ledger.ts";

/** Of those that wait, so many are named. */
const NAMED = 5;

// By the indexes of just these: nothing else is read.
const COUNTS = `SELECT
  (SELECT count(*) FROM batches WHERE status = 'approval') AS approval,
  (SELECT count(*) FROM batches WHERE fingerprint = '') AS unreadable,
  (SELECT json_group_array(run) FROM (SELECT run FROM batches WHERE told = 0
    AND id IN (SELECT batch FROM items WHERE status = 'stuck') LIMIT 100)) AS unknown`;

/** For `/health`: the ledger is read, `fail` where it cannot be. */
export async function inspectLedger(env: Env): Promise<Finding> {
  try {
    const db = await ledger(env);
    const found = await db.prepare(COUNTS).first<{ approval: number; unreadable: number; unknown: string }>();
    const { approval, unreadable } = found!;
    const runs = JSON.parse(found!.unknown) as string[];
    if (runs.length > 0)
      log(`payouts wait for a person: ${runs.slice(0, NAMED).join(", ")}`, "health", `${runs.length} in all`);
    return {
      status: runs.length > 0 ? "warn" : "pass",
      checks: {
        "payouts:approval": [count(approval, "wait for approval")],
        "payouts:unknown": [
          {
            ...count(runs.length, "wait for a person; repeat the request, or ask who made it to, and resolve the run"),
            ...(runs.length > 0 ? { status: "warn", runs: runs.slice(0, NAMED) } : {}),
          },
        ],
        "payouts:unreadable": [
          count(unreadable, "are an earlier version's and cannot be read: payouts/ in EFH_PRIVATE"),
        ],
      },
    };
  } catch (error) {
    log("the ledger cannot be read", "health", error);
    return { status: "fail", checks: { EFH_PAYOUTS: [{ status: "fail", output: "cannot be read" }] } };
  }
}

/** The orchestrator is told now what became of the batch. */
export async function noteTold(db: D1Database, { id, told }: Batch, items: readonly Item[]): Promise<void> {
  if (told || !items.some(({ status }) => status === "stuck")) return;
  await db.prepare("UPDATE batches SET told = 1 WHERE id = ? AND status = 'final'").bind(id).run();
}

function count(value: number, what: string) {
  const output = value === 0 ? {} : { output: `${value} ${what}.` };
  return { status: "pass", observedValue: value, observedUnit: "payouts", ...output };
}
