// ai-employee: the office work.
//   crm.lead.create, crm.lead.update, lms.enrollment.create   records in KV
//   email.process, and Email Routing's email()                rules, R2; the record is described in mail/mail.ts
//   email.send                                                an HTTP mail API
//   payment.checkout.create                                   Stripe
//   files.intake.upload                                       R2, private
//   task.schedule                                             not in this version
import { Problem } from "#worker-kit/problem.ts";
import { serve } from "../../shared/serve.ts";
import { createCheckout } from "./checkout.ts";
import { createEnrolment, createLead, updateLead } from "./crm.ts";
import type { Env } from "./env.ts";
import { uploadFile } from "./files.ts";
import { processEmail, receiveEmail } from "./mail/receive.ts";
import { sendEmail } from "./mail/send.ts";

/** Storing a task that nothing ever runs would only look like scheduling it. */
async function scheduleTask(): Promise<Response> {
  const detail = "This version does not run tasks later; send the task when it is due.";
  throw new Problem({ status: 501, title: "Not implemented", detail });
}

const served = serve<Env>({
  capabilities: {
    "crm.lead.create": createLead,
    "crm.lead.update": updateLead,
    "lms.enrollment.create": createEnrolment,
    "email.process": processEmail,
    "email.send": sendEmail,
    "payment.checkout.create": createCheckout,
    "files.intake.upload": uploadFile,
    "task.schedule": scheduleTask,
  },
  required: ["AI_EMPLOYEE_LOGS", "EFH_PRIVATE"],
  optional: ["STRIPE_API_KEY", "MAIL_API_KEY", "MAIL_API_URL", "MAIL_FROM"],
});

export default { ...served, email: (message, env) => receiveEmail(message, env) } satisfies ExportedHandler<Env>;
