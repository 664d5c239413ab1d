// payout-batch: affiliate payouts by Stripe transfers, none of them made twice.
//   payouts.batch.run         many affiliates, each a transfer
//   payouts.transfer.single   one
//   payouts.batch.get         how far one is
// What is not final goes on by the cron.
import { log } from "#worker-kit/log.ts";
import { object, string } from "#worker-kit/validation.ts";
import { type Call, serve } from "../../shared/serve.ts";
import { stripeSettings } from "../../shared/stripe.ts";
import { validate } from "../../shared/validate.ts";
import type { Env } from "./env.ts";
import { batchOf, oneOf } from "./meta.ts";
import { continuePayouts, payOut, showPayout } from "./payout.ts";
import { inspectLedger } from "./waiting.ts";

const RUN = object({ run: string(/^run_\w+$/, { max: 100, message: "must be a run's id such as run_0123" }) });
const MONEY = ["payouts.batch.run", "payouts.transfer.single"];

async function payBatch(call: Call<Env>): Promise<Response> {
  return await payOut(call, batchOf);
}

async function payOne(call: Call<Env>): Promise<Response> {
  return await payOut(call, oneOf);
}

async function showOne(call: Call<Env>): Promise<Response> {
  return await showPayout(call, validate(RUN, call.meta).run);
}

const served = serve<Env>({
  capabilities: {
    "payouts.batch.run": payBatch,
    "payouts.transfer.single": payOne,
    "payouts.batch.get": showOne,
  },
  once: MONEY,
  approvable: MONEY,
  required: ["EFH_PAYOUTS", "EFH_PRIVATE"],
  needs: { "payouts.batch.run": stripeSettings, "payouts.transfer.single": stripeSettings },
  inspect: inspectLedger,
});

export default {
  ...served,
  async scheduled(_event, env) {
    await continuePayouts(env).catch((error: unknown) => log("a payout could not be continued", "cron", error));
  },
} satisfies ExportedHandler<Env>;
