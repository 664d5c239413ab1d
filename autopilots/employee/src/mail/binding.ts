// Mail by Cloudflare's own binding `send_email`: to verified addresses of the account, with no other service.
//   https://developers.cloudflare.com/email-service/api/send-emails/workers-api/
import { Problem } from "#worker-kit/problem.ts";
import type { Outgoing } from "./outbox.ts";

const SERVICE = "Cloudflare's mail binding";
/** What it says where it certainly sent nothing, by its codes, or in the words of older versions. */
const REFUSED =
  /\bE_(VALIDATION_ERROR|FIELD_MISSING|TOO_MANY_\w+|RECIPIENT_\w+|CONTENT_\w+|HEADER_\w+)\b|\bemail to .* not allowed|not a verified address/i;
const SENDER_REFUSED = /\bE_SENDER_\w+\b|\bemail from .* not allowed|\bdomain not owned/i;
const BUSY = /\bE_(RATE|DAILY)_LIMIT_EXCEEDED\b/;

/** The message's id. Throws a problem; `unknown` where it may have been sent: it takes no key, so a repeat would be another mail. */
export async function sendByBinding(binding: SendEmail, mail: Outgoing, from: string): Promise<{ id: string }> {
  const { to, subject, text, html, reply_to: replyTo, headers } = mail;
  try {
    const { messageId } = await binding.send({
      ...{ from: mailboxOf(from), to: [...to], subject },
      ...(text === undefined ? {} : { text }),
      ...(html === undefined ? {} : { html }),
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(headers === undefined ? {} : { headers: { ...headers } }),
    });
    return { id: messageId };
  } catch (error) {
    throw problemOf(error);
  }
}

function problemOf(error: unknown): Problem {
  const { code = "", message = "" } = error as { code?: string; message?: string };
  const said = `${code} ${message}`.trim().slice(0, 300);
  const detail = `${SERVICE} said: ${said}.`;
  if (BUSY.test(said)) {
    const busy = { status: 503, title: "Upstream busy", detail, members: { outcome: "rejected" } };
    return new Problem({ ...busy, headers: { "retry-after": "60" } });
  }
  const isOurs = SENDER_REFUSED.test(said);
  if (isOurs || REFUSED.test(said)) {
    const members = { outcome: "rejected" };
    return new Problem({ status: isOurs ? 502 : 422, title: "Upstream refused", detail, members });
  }
  return new Problem({ status: 502, title: "Upstream failed", detail, members: { outcome: "unknown" } });
}

/** `EFH <desk@example.com>` as the binding takes it. */
function mailboxOf(from: string): string | EmailAddress {
  const [, name, email] = /^\s*"?([^"<]*?)"?\s*<([^<>]+)>\s*$/.exec(from) ?? [];
  return name && email ? { name, email } : (email ?? from);
}
