// What the ai-employee's Worker is bound to.
import type { BaseEnv } from "../../shared/serve.ts";
import type { StripeEnv } from "../../shared/stripe.ts";

export interface Env extends BaseEnv, StripeEnv {
  AI_EMPLOYEE_LOGS: KVNamespace;
  EFH_PRIVATE: R2Bucket;
  /** Where the Worker's `ai` is true. */
  AI?: Ai;
  MAIL_API_KEY?: string;
  MAIL_API_URL?: string;
  MAIL_FROM?: string;
}
