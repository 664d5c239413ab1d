// What the ai-employee's Worker is bound to.
import type { AiEnv } from "../../shared/ai.ts";
import type { BaseEnv } from "../../shared/serve.ts";
import type { Links } from "../../shared/stored.ts";
import type { StripeEnv } from "../../shared/stripe.ts";

export interface Env extends AiEnv, BaseEnv, Links, StripeEnv {
  AI_EMPLOYEE_LOGS: KVNamespace;
  EFH_PRIVATE: R2Bucket;
  EFH_CRM: D1Database;
  /** Of the webhook endpoint at Stripe, `whsec_…`; two with a space between while one is being replaced. */
  STRIPE_WEBHOOK_SECRET?: string;
  /** The orchestrator's, where autopilots.yaml has a task that is done later. */
  TASK_QUEUE?: Queue;
  MAIL_API_KEY?: string;
  /** Cloudflare's own, where the Worker has `sendEmail: true`: to verified addresses of the account. */
  SEND_EMAIL?: SendEmail;
  /** Another than Resend's own. */
  MAIL_API_URL?: string;
  /** The sender, such as `EFH <desk@example.com>`. */
  MAIL_FROM?: string;
}
