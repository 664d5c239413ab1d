// A payout, sent once: the claim is written before money moves, a repeat gets the first answer, and what is unknown
// stays so until the orchestrator sends it as a new attempt, which it does when a person has said that it was not done.
// Even then Stripe is asked first what it has of it.
import { sha256 } from "#worker-kit/hash.ts";
import { Problem } from "#worker-kit/problem.ts";
import { notConfigured } from "../../shared/problem.ts";
import type { Call } from "../../shared/serve.ts";
import { stripeUrl } from "../../shared/stripe.ts";
import { type Claim, readClaim, type Stored, writeClaim } from "./claims.ts";
import type { Env } from "./env.ts";
import { lookUp, sendAll, type Transfer } from "./transfers.ts";

type Payout = Pick<Transfer, "destination" | "amount" | "currency" | "description" | "reference">;

const RUNNING_MS = 60_000; // longer than a payout can take
const CREATED = 201;
const MULTI_STATUS = 207;

/** 201 when all is paid, 207 when a part is. `payoutsOf` checks `meta`. It goes on when the caller is gone. */
export async function payOut(call: Call<Env>, payoutsOf: () => readonly Payout[]): Promise<Response> {
  const { env, run, idempotencyKey } = call;
  if (!env.STRIPE_API_KEY) throw notConfigured(["STRIPE_API_KEY"], "payouts are Stripe's and need its secret key.");
  stripeUrl(env, "/"); // a base that is not allowed is known before a claim is made
  if (idempotencyKey === null) {
    const detail = "Send an Idempotency-Key header, and the same one in a repeat: a payout must not happen twice.";
    throw new Problem({ status: 400, title: "Idempotency-Key required", detail, members: { outcome: "rejected" } });
  }
  const payouts = payoutsOf();
  const name = await sha256(JSON.stringify([run?.caller ?? "", idempotencyKey]), 32);
  const work = perform(env, name, payouts, run?.attempt ?? 1);
  call.later(work.catch(() => undefined));
  return await work;
}

async function perform(env: Env, name: string, payouts: readonly Payout[], attempt: number): Promise<Response> {
  const fingerprint = await sha256(JSON.stringify(payouts));
  const before = await readClaim(env.EFH_PRIVATE, name);
  if (before) {
    refuseUnlessFree(before.claim, fingerprint, attempt);
    if (before.claim.answer) return answer(before.claim.answer, { "idempotency-replayed": "true" });
  }
  const transfers = before?.claim.transfers ?? payouts.map(waiting);
  const expiresAt = Date.now() + RUNNING_MS;
  const claim: Claim = { status: "running", fingerprint, attempt, expiresAt, transfers: structuredClone(transfers) };
  const ours = await writeClaim(env.EFH_PRIVATE, name, claim, before);
  if (!ours) throw runningProblem();
  if (before) await lookUp(env, name, claim.transfers);
  await sendAll(env, name, claim.transfers);
  return await recordEnding(env, name, ours);
}

/** Throws a problem unless this call may go on: with a free claim, or with the answer of one that is done. */
function refuseUnlessFree(claim: Claim, fingerprint: string, attempt: number): void {
  if (claim.fingerprint !== fingerprint) {
    const detail = "This Idempotency-Key came with another payout before. Repeat that as it was, or take a new key.";
    throw new Problem({ status: 422, title: "Idempotency-Key reused", detail, members: { outcome: "rejected" } });
  }
  if (claim.status === "done" || claim.status === "not-done") return;
  if (claim.status === "running" && claim.expiresAt > Date.now()) throw runningProblem();
  if (attempt <= claim.attempt) throw unknownProblem(claim.transfers);
}

/** Records how it ended before anybody is told. */
async function recordEnding(env: Env, name: string, ours: Stored): Promise<Response> {
  const { claim } = ours;
  const { transfers } = claim;
  const has = (status: Transfer["status"]) => transfers.some((each) => each.status === status);
  const paid = transfers.filter(({ status }) => status === "paid").length;
  const status = has("unknown") ? "unknown" : paid > 0 ? "done" : "not-done";
  const isWhole = paid === transfers.length;
  const told = { status: isWhole ? "paid" : "partly paid", payout: name, transfers: transfers.map(shown) };
  const done = { status: isWhole ? CREATED : MULTI_STATUS, body: JSON.stringify(told) };
  const end: Claim = { ...claim, status, ...(status === "done" ? { answer: done } : {}) };
  const recorded = await writeClaim(env.EFH_PRIVATE, name, end, ours).catch(() => null);
  if (status === "unknown" || !recorded) throw unknownProblem(transfers);
  if (status === "done") return answer(done, {});
  const why = transfers.find(({ reason }) => reason)?.reason ?? "there was no time left.";
  const detail = `Nothing was transferred: ${why}`;
  const members = { outcome: "rejected", transfers: transfers.map(shown) };
  throw new Problem({ status: 502, title: "Upstream refused", detail, members });
}

function waiting(payout: Payout): Transfer {
  return { ...payout, status: "waiting", refusals: 0 };
}

function shown({ refusals, ...transfer }: Transfer): Omit<Transfer, "refusals"> {
  return transfer;
}

function answer({ status, body }: NonNullable<Claim["answer"]>, headers: Record<string, string>): Response {
  return new Response(body, { status, headers: { "content-type": "application/json", ...headers } });
}

function runningProblem(): Problem {
  const detail = "This payout is running under the same Idempotency-Key. Nothing was sent again.";
  const members = { outcome: "unknown" };
  return new Problem({ status: 409, title: "Already running", detail, members, headers: { "retry-after": "5" } });
}

function unknownProblem(transfers: readonly Transfer[]): Problem {
  const detail =
    "Money may have moved, so nothing is sent again. Look at Stripe, then resolve the orchestrator's run; before " +
    "anything is sent again, what Stripe has of this payout is looked up.";
  const members = { outcome: "unknown", transfers: transfers.map(shown) };
  return new Problem({ status: 409, title: "Outcome unknown", detail, members });
}
