// payout-batch: affiliate payouts by Stripe transfers, none of them sent twice.
//   payouts.batch.run         many affiliates, each a transfer
//   payouts.transfer.single   one
import { type Call, serve } from "../../shared/serve.ts";
import { validate } from "../../shared/validate.ts";
import type { Env } from "./env.ts";
import { BATCH, TRANSFER } from "./meta.ts";
import { payOut } from "./payout.ts";

async function payBatch(call: Call<Env>): Promise<Response> {
  return await payOut(call, () => validate(BATCH, call.meta).payouts);
}

async function payOne(call: Call<Env>): Promise<Response> {
  return await payOut(call, () => [validate(TRANSFER, call.meta)]);
}

export default serve<Env>({
  capabilities: { "payouts.batch.run": payBatch, "payouts.transfer.single": payOne },
  once: ["payouts.batch.run", "payouts.transfer.single"],
  required: ["EFH_PRIVATE"],
  optional: ["STRIPE_API_KEY"],
});
