// What the payout-batch's Worker is bound to.
import type { BaseEnv } from "../../shared/serve.ts";
import type { StripeEnv } from "../../shared/stripe.ts";

export interface Env extends BaseEnv, StripeEnv {
  /** Claims are kept here, under `payouts/`. */
  EFH_PRIVATE: R2Bucket;
}
