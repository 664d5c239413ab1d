// What the ai-employee's Worker is bound to.
import type { BaseEnv } from "../../shared/serve.ts";

export interface Env extends BaseEnv {
  AI_EMPLOYEE_LOGS: KVNamespace;
  EFH_PRIVATE: R2Bucket;
  STRIPE_API_KEY?: string;
  /** Another base than Stripe's own, such as a stand-in on the local stack. */
  STRIPE_API_URL?: string;
  MAIL_API_KEY?: string;
  MAIL_API_URL?: string;
  MAIL_FROM?: string;
}
