// Mail in: as the task email.process, and from Cloudflare Email Routing. Any mail that exists is kept; what was changed
// to keep it is in the record's `notes`.
import { sha256 } from "#worker-kit/hash.ts";
import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import { isObject } from "#worker-kit/validation.ts";
import type { Call } from "../../../shared/serve.ts";
import type { Env } from "../env.ts";
import type { Envelope } from "./mail.ts";
import { bytesOf, readFields, readMessage } from "./parse.ts";
import { keepMail } from "./store.ts";

/** Above this the message itself goes to R2, whatever the record holds of it. */
const LARGE = 1_000_000;

/** 201 with the record, 200 with the one of the same mail before. Takes `{raw}` or fields; refuses what is no object. */
export async function processEmail({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  if (!isObject(meta)) {
    const errors = [{ pointer: "/meta", message: "must be an object: a mail's fields, or {raw}" }];
    const detail = "The task's meta is no object, so there is no mail in it.";
    throw new Problem({ status: 422, title: "Invalid meta", detail, members: { errors, outcome: "rejected" } });
  }
  const { record, isNew } =
    typeof meta.raw === "string"
      ? await keepMessage(env, bytesOf(meta.raw), envelopeBeside(meta))
      : await keepMail(
          env,
          await readFields(meta),
          { content: () => JSON.stringify(meta), extension: "original.json", keep: false },
          repeatKey,
        );
  return Response.json(record, { status: isNew ? 201 : 200 });
}

/** The handler of Email Routing. What it throws makes the sender's server try again, so nothing is lost. */
export async function receiveEmail(message: ForwardableEmailMessage, env: Env): Promise<void> {
  const bytes = new Uint8Array(await new Response(message.raw).arrayBuffer());
  try {
    await keepMessage(env, bytes, { from: message.from, to: message.to });
  } catch (error) {
    log("a mail was not kept", message.headers.get("message-id") ?? "", error);
    throw error;
  }
}

async function keepMessage(env: Env, bytes: Uint8Array, envelope: Envelope) {
  const read = await readMessage(bytes, envelope);
  const original = { content: () => bytes, extension: "eml", keep: bytes.length > LARGE } as const;
  // Without a Message-ID the message itself tells it from others: its Date and Received are in it.
  return await keepMail(env, read, original, await sha256(new TextDecoder("latin1").decode(bytes.subarray(0, LARGE))));
}

/** `{raw, envelope: {from, to}}`, or `{raw, from, to}`, as Email Routing names them. */
function envelopeBeside(meta: Record<string, unknown>): Envelope {
  const { from, to } = isObject(meta.envelope) ? meta.envelope : meta;
  const text = (value: unknown) => (typeof value === "string" ? value.slice(0, 500).toWellFormed() : null);
  return { from: text(from), to: text(to) };
}
