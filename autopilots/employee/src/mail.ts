// E-mail in and out: incoming ones are classified and kept, outgoing ones go through an HTTP mail API that takes the
// JSON which Resend made common: {from, to, subject, text, html, reply_to}, a bearer token, and an Idempotency-Key.
import * as v from "valibot";
import { object } from "#worker-kit/validation.ts";
import { callExternal, externalUrl } from "../../shared/external.ts";
import { notConfigured } from "../../shared/problem.ts";
import type { Call } from "../../shared/serve.ts";
import { email, lines, text, textMap, validate } from "../../shared/validate.ts";
import { classify } from "./classify.ts";
import type { Env } from "./env.ts";
import { createRecord } from "./records.ts";

const INCOMING = object({
  from: text({ max: 320 }),
  to: v.optional(text({ max: 320 })),
  subject: v.optional(lines({ max: 998 }), ""),
  text: v.optional(lines({ max: 200_000 }), ""),
  headers: v.optional(textMap(100), {}),
});
const OUTGOING = v.pipe(
  object({
    to: email,
    subject: text({ max: 200 }),
    text: v.optional(lines({ max: 100_000 })),
    html: v.optional(lines({ max: 200_000 })),
    replyTo: v.optional(email),
  }),
  v.check((mail) => Boolean(mail.text || mail.html), "needs text or html"),
);

export async function processEmail({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  const mail = validate(INCOMING, meta);
  const headers = Object.fromEntries(Object.entries(mail.headers).map(([name, value]) => [name.toLowerCase(), value]));
  return await createRecord(env.AI_EMPLOYEE_LOGS, "email", repeatKey, { ...classify({ ...mail, headers }), ...mail });
}

export async function sendEmail({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  const { to, subject, text: plain, html, replyTo } = validate(OUTGOING, meta);
  const { MAIL_API_KEY, MAIL_API_URL, MAIL_FROM } = env;
  if (!MAIL_API_KEY || !MAIL_API_URL || !MAIL_FROM) {
    const settings = Object.entries({ MAIL_API_KEY, MAIL_API_URL, MAIL_FROM });
    const missing = settings.filter(([, value]) => !value).map(([name]) => name);
    throw notConfigured(missing, "e-mail is sent by an HTTP mail API; nothing was sent.");
  }
  const sent = await callExternal({
    service: "The mail service",
    url: externalUrl("MAIL_API_URL", MAIL_API_URL, env.STAGE),
    key: MAIL_API_KEY,
    idempotencyKey: repeatKey,
    body: JSON.stringify({ from: MAIL_FROM, to: [to], subject, text: plain, html, reply_to: replyTo }),
  });
  return Response.json({ status: "accepted", id: sent.id, to }, { status: 202 });
}
