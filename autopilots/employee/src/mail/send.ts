// Mail out. The caller says to whom: no mail's text ever does; and nothing answers what a machine wrote.
import * as v from "valibot";
import { Problem } from "#worker-kit/problem.ts";
import { object, string } from "#worker-kit/validation.ts";
import type { Call } from "../../../shared/serve.ts";
import { email, lines, text, validate } from "../../../shared/validate.ts";
import type { Env } from "../env.ts";
import { type Kind, MACHINE_KINDS } from "./kinds.ts";
import { sendOnce } from "./once.ts";
import { findMail } from "./store.ts";

const OUTGOING = v.pipe(
  object({
    to: email,
    subject: text({ max: 200 }),
    text: v.optional(lines({ max: 100_000 })),
    html: v.optional(lines({ max: 200_000 })),
    replyTo: v.optional(email),
    /** The record of the mail that this one answers. */
    inReplyTo: v.optional(
      string(/^[0-9a-f]{32}$/, { max: 32, message: "must be the id of a mail that was processed" }),
    ),
  }),
  v.check((mail) => Boolean(mail.text || mail.html), "needs text or html"),
);

export async function sendEmail({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  const { to, subject, text: plain, html, replyTo, inReplyTo } = validate(OUTGOING, meta);
  const headers = inReplyTo === undefined ? undefined : await headersOfAnswer(env, inReplyTo);
  const mail = { to: [to], subject, text: plain, html, reply_to: replyTo, headers };
  const sent = await sendOnce(env, mail, repeatKey);
  return Response.json({ ...sent, to }, { status: 202 });
}

/** Throws a problem: 404 for a mail that is not kept, 409 for one that must not be answered (RFC 3834, section 2). */
async function headersOfAnswer(env: Env, id: string): Promise<Record<string, string>> {
  const mail = await findMail(env, id);
  const members = { id, outcome: "rejected" };
  if (!mail) {
    const detail = `There is no mail ${id}; inReplyTo is the id that email.process answered.`;
    throw new Problem({ status: 404, title: "No such mail", detail, members });
  }
  if ((MACHINE_KINDS as readonly Kind[]).includes(mail.kind)) {
    const detail = `The mail ${id} is of the kind ${mail.kind} (${mail.rule}): an answer could begin a loop. Nothing was sent.`;
    throw new Problem({ status: 409, title: "Not to be answered", detail, members: { ...members, kind: mail.kind } });
  }
  // Message-IDs as they may stand in a header; what is none is left out.
  const ids =
    [...(mail.headers.references ?? []), mail.messageId ?? ""].join(" ").match(/<[\x21-\x3B\x3D\x3F-\x7E]+>/g) ?? [];
  const own = /^<[\x21-\x3B\x3D\x3F-\x7E]+>$/.test(mail.messageId ?? "") ? mail.messageId! : undefined;
  return {
    ...(own ? { "In-Reply-To": own, References: [...new Set(ids)].slice(-20).join(" ") } : {}),
    "Auto-Submitted": "auto-replied",
  };
}
