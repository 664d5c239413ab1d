// payout-batch: affiliate payouts by Stripe transfers.
//   payouts.batch.run, payouts.transfer.single
// No money moves in this version: a transfer needs a claim that is written before it, so that it is never sent
// twice, and that guard is not here yet. What callers must send already holds: an Idempotency-Key with every payout.
import { notConfigured, Problem } from "../../shared/problem.ts";
import { type BaseEnv, type Call, serve } from "../../shared/serve.ts";

interface Env extends BaseEnv {
  STRIPE_API_KEY?: string;
}

async function payOut({ env, idempotencyKey }: Call<Env>): Promise<Response> {
  if (!env.STRIPE_API_KEY) throw notConfigured(["STRIPE_API_KEY"], "payouts are Stripe's and need its secret key.");
  if (idempotencyKey === null) {
    const detail = "Send an Idempotency-Key header, and the same one in a repeat: a payout must not happen twice.";
    throw new Problem(400, "Idempotency-Key required", detail);
  }
  throw new Problem(501, "Transfers are switched off", "This version sends no money. Nothing was transferred.", {
    outcome: "rejected",
  });
}

export default serve<Env>({
  capabilities: { "payouts.batch.run": payOut, "payouts.transfer.single": payOut },
  required: [],
  optional: ["STRIPE_API_KEY"],
});
