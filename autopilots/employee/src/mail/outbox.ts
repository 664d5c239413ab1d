// How mail leaves: through Resend's HTTP API, or one that takes the same JSON, where a key for it is bound; by Cloudflare's
// binding where there is that; on the stack `local` without a key into a log, so that what would have been sent can be
// read.
import { callExternal, externalUrl } from "../../../shared/external.ts";
import { type Setting, unset } from "../../../shared/settings.ts";
import type { Env } from "../env.ts";
import { sendByBinding } from "./binding.ts";

const RESEND = "https://api.resend.com/emails";

/** The JSON that Resend made common. */
export interface Outgoing {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  readonly reply_to?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Sent {
  readonly status: "accepted" | "logged";
  readonly id: unknown;
  /** Of a logged one: where it can be read. */
  readonly bucket?: string;
  readonly key?: string;
}

/** What email.send still misses. */
export function mailSettings(env: Env): readonly Setting[] {
  if (isLogged(env)) return [];
  const from = { name: "MAIL_FROM", example: '"EFH <desk@example.com>"' };
  return unset(env, env.SEND_EMAIL ? [from] : [{ name: "MAIL_API_KEY" }, from]);
}

/** Whether a mail that may have been sent may be handed over again: who is told the same key sends it once. */
export function knowsRepeats(env: Env): boolean {
  return isLogged(env) || Boolean(env.MAIL_API_KEY);
}

/** `repeatKey` is equal for a repeat: the service sends one mail for it, and the log has one. */
export async function handOver(env: Env, mail: Outgoing, repeatKey: string): Promise<Sent> {
  if (isLogged(env)) return await logMail(env, mail, repeatKey);
  if (!env.MAIL_API_KEY && env.SEND_EMAIL) {
    return { status: "accepted", ...(await sendByBinding(env.SEND_EMAIL, mail, env.MAIL_FROM ?? "")) };
  }
  const { id } = await callExternal({
    service: "The mail service",
    url: externalUrl("MAIL_API_URL", env.MAIL_API_URL || RESEND, env.STAGE),
    key: env.MAIL_API_KEY ?? "",
    idempotencyKey: repeatKey,
    body: JSON.stringify({ from: env.MAIL_FROM, ...mail }),
  });
  return { status: "accepted", id };
}

function isLogged({ STAGE, MAIL_API_KEY }: Env): boolean {
  return STAGE === "local" && !MAIL_API_KEY;
}

async function logMail(env: Env, mail: Outgoing, repeatKey: string): Promise<Sent> {
  const key = sentKey(repeatKey);
  const from = env.MAIL_FROM ?? null;
  await env.EFH_PRIVATE.put(key, JSON.stringify({ from, ...mail, loggedAt: new Date().toISOString() }), {
    httpMetadata: { contentType: "application/json" },
    onlyIf: new Headers({ "if-none-match": "*" }),
  });
  return { status: "logged", id: repeatKey, bucket: "EFH_PRIVATE", key };
}

/** Where the log has it. */
export function sentKey(repeatKey: string): string {
  return `sent/${repeatKey}.json`;
}
