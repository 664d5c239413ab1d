// What the payout-batch's Worker is bound to.
import type { BaseEnv } from "../../shared/serve.ts";
import type { StripeEnv } from "../../shared/stripe.ts";

export interface Env extends BaseEnv, StripeEnv {
  /** The ledger. */
  EFH_PAYOUTS: D1Database;
  /** Claims of an earlier version, under `payouts/`. */
  EFH_PRIVATE: R2Bucket;
  /** By currency, in its smallest unit: `eur:100000 usd:120000`. Above one of them somebody else has to approve. */
  PAYOUT_CAP_ITEM?: string;
  PAYOUT_CAP_BATCH?: string;
  /** Of all batches of a day (UTC). */
  PAYOUT_CAP_DAY?: string;
  /** Payees that are known before they are paid for the first time, with spaces between; others need approval. */
  PAYOUT_PAYEES?: string;
}
