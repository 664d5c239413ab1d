// ai-employee: the office work.
//   crm.lead.create, .update, .find, .delete                  records in D1
//   lms.enrollment.create                                     records in D1
//   email.process, and Email Routing's email()                rules, D1, R2; the record is described in mail/mail.ts
//   email.send                                                an HTTP mail API; a log on the stack `local`
//   payment.checkout.create                                   Stripe; POST /stripe/webhook says what was paid, and enrols
//   files.intake.upload, .get                                 R2, private; large ones by PUT and GET /f/<id>
//   task.schedule                                             the orchestrator's queue
import { serve } from "../../shared/serve.ts";
import { stripeSettings } from "../../shared/stripe.ts";
import { createCheckout } from "./checkout.ts";
import { createEnrolment } from "./crm/enrolments.ts";
import { deleteLead } from "./crm/forget.ts";
import { createLead, findLeads, updateLead } from "./crm/leads.ts";
import type { Env } from "./env.ts";
import { getFile, passFile, uploadFile } from "./files/intake.ts";
import { mailSettings } from "./mail/outbox.ts";
import { processEmail, receiveEmail } from "./mail/receive.ts";
import { sendEmail } from "./mail/send.ts";
import { scheduleTask } from "./schedule.ts";
import { isWebhook, receiveStripe } from "./stripe-webhook.ts";

const served = serve<Env>({
  capabilities: {
    "crm.lead.create": createLead,
    "crm.lead.update": updateLead,
    "crm.lead.find": findLeads,
    "crm.lead.delete": deleteLead,
    "lms.enrollment.create": createEnrolment,
    "email.process": processEmail,
    "email.send": sendEmail,
    "payment.checkout.create": createCheckout,
    "files.intake.upload": uploadFile,
    "files.intake.get": getFile,
    "task.schedule": scheduleTask,
  },
  required: ["AI_EMPLOYEE_LOGS", "EFH_PRIVATE", "EFH_CRM"],
  other: async (request, url, env) =>
    isWebhook(request, url) ? await receiveStripe(request, env) : await passFile(request, url, env),
  needs: { "payment.checkout.create": stripeSettings, "email.send": mailSettings },
});

export default { ...served, email: (message, env) => receiveEmail(message, env) } satisfies ExportedHandler<Env>;
