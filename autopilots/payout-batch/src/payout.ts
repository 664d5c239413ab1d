// A payout, made once: it stands in the ledger before money moves, and goes on by itself until each item is final. A
// repeat is told how far it is.
import { sha256 } from "#worker-kit/hash.ts";
import { Problem } from "#worker-kit/problem.ts";
import { notConfigured } from "../../shared/problem.ts";
import type { Approval, Call } from "../../shared/serve.ts";
import { stripeAccount } from "../../shared/stripe.ts";
import { advance } from "./advance.ts";
import { answerOf, stateOf } from "./answers.ts";
import { capOf, reasonsToAsk } from "./caps.ts";
import type { Env } from "./env.ts";
import { importClaims, isUnreadable, openUnknown } from "./imported.ts";
import {
  type Batch,
  decide,
  findBatch,
  findBatchOfRun,
  findDue,
  itemsInTheWay,
  itemsOf,
  ledger,
  type Order,
  openAgain,
  openBatch,
  payeesPaid,
  readBatch,
} from "./ledger.ts";
import type { Asked } from "./meta.ts";
import { noteTold } from "./waiting.ts";

/** Throws a problem; `read` checks `meta`. It goes on when the caller is gone. */
export async function payOut(call: Call<Env>, read: (meta: unknown) => Asked): Promise<Response> {
  const { env, run, approval } = call;
  if (!env.STRIPE_API_KEY) throw notConfigured(["STRIPE_API_KEY"], "payouts are Stripe's and need its secret key.");
  stripeAccount(env); // a base that is not allowed is known before anything is recorded
  if (!run) throw new Error("an autopilot's `once` lets no call through without its run");
  const id = await sha256(JSON.stringify([run.caller, run.key]), 32);
  const db = await ledger(env);
  await requireImported(env, db);
  if (approval) return await approve(env, db, id, approval);
  const asked = read(call.meta);
  const fingerprint = await sha256(JSON.stringify(asked.payouts));
  const order = { id, run: run.id, caller: run.caller, fingerprint, attempt: run.attempt };
  const work = perform(env, db, order, asked);
  call.later(work.catch(() => undefined));
  return await work;
}

/** How far the payout of a run is. */
export async function showPayout({ env }: Call<Env>, run: string): Promise<Response> {
  const db = await ledger(env);
  const batch = await findBatchOfRun(db, run);
  if (!batch) throw new Problem({ status: 404, title: "No such payout", detail: `There is no payout of ${run}.` });
  return stateOf(batch, await itemsOf(db, batch.id));
}

/** What the cron does: the claims of an earlier version are read, then the batch that has been due longest goes on. */
export async function continuePayouts(env: Env): Promise<void> {
  if (!env.STRIPE_API_KEY) return;
  const db = await ledger(env);
  if (!(await importClaims(env, db))) return;
  const due = await findDue(db, Date.now());
  if (due !== null) await advance(env, db, due);
}

async function perform(env: Env, db: D1Database, order: Order, asked: Asked): Promise<Response> {
  const before = await findBatch(db, order.id);
  const isNew = before === null || (await isFreeForAnother(db, before, order));
  if (isNew) {
    await open(env, db, order, asked);
  } else if (isUnreadable(before)) {
    if (!(await openUnknown(db, order, asked))) throw await inTheWayProblem(db, asked);
  } else if (before.fingerprint !== order.fingerprint) {
    throw reusedProblem();
  } else if (order.attempt > before.attempt && before.answer === null) {
    await openAgain(db, order);
  }
  return await advanced(env, db, order.id);
}

/** Whether nothing came of what stands under this key, so that something else may. */
async function isFreeForAnother(db: D1Database, before: Batch, { fingerprint, attempt }: Order): Promise<boolean> {
  if (before.fingerprint === fingerprint || before.status !== "final" || attempt <= before.attempt) return false;
  if (isUnreadable(before)) return false;
  return (await itemsOf(db, before.id)).every(({ status }) => status === "refused");
}

async function open(env: Env, db: D1Database, order: Order, asked: Asked): Promise<void> {
  const payees = asked.payouts.map(({ destination }) => destination);
  const paid = env.PAYOUT_PAYEES === undefined ? new Set<string>() : await payeesPaid(db, payees);
  const reasons = reasonsToAsk(env, asked, paid);
  if (await openBatch(db, order, asked, reasons, capOf(env, "PAYOUT_CAP_DAY", asked.currency))) return;
  const other = await findBatch(db, order.id);
  if (other?.fingerprint === order.fingerprint) return; // another call of the same was faster
  if (other) throw reusedProblem();
  throw await inTheWayProblem(db, asked);
}

async function inTheWayProblem(db: D1Database, asked: Asked): Promise<Problem> {
  const items = await itemsInTheWay(db, asked);
  return new Problem({
    status: 409,
    title: "Already in the ledger",
    detail:
      "A payee gets one payout of a reference and currency, and another payout has these. Nothing was transferred; " +
      "where it is another one, give it a reference of its own.",
    members: {
      outcome: "rejected",
      payouts: items.map(({ payee, reference, currency, amount, batch, status }) => ({
        ...{ destination: payee, reference, currency, amount, payout: batch, status },
      })),
    },
  });
}

async function approve(env: Env, db: D1Database, id: string, approval: Approval): Promise<Response> {
  if (!(await decide(db, id, approval))) {
    const detail = "This payout does not wait for approval.";
    throw new Problem({ status: 409, title: "Not waiting for approval", detail });
  }
  return await advanced(env, db, id);
}

async function advanced(env: Env, db: D1Database, id: string): Promise<Response> {
  await advance(env, db, id);
  const { batch, items } = (await readBatch(db, id))!;
  await noteTold(db, batch, items);
  return answerOf(batch, items);
}

async function requireImported(env: Env, db: D1Database): Promise<void> {
  if (await importClaims(env, db)) return;
  throw new Problem({
    status: 503,
    title: "Earlier payouts are being read",
    detail: "Nothing is paid before the records of an earlier version are in the ledger, which takes some minutes.",
    members: { outcome: "rejected" },
    headers: { "retry-after": "60" },
  });
}

function reusedProblem(): Problem {
  const detail = "This Idempotency-Key came with another payout before. Repeat that as it was, or take a new key.";
  return new Problem({ status: 422, title: "Idempotency-Key reused", detail, members: { outcome: "rejected" } });
}
