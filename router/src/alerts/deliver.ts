// A message to a channel of people: Slack's and Discord's incoming webhooks each take JSON of their own; any other gets
// ours, signed as tasks are (Standard Webhooks), with a secret that `python -m orchestrator secret alert:<channel>` prints.
// The URLs are secrets: no error's own text goes to the log.

import type { Env } from "../env.ts";
import { signed } from "../forward/signed.ts";
import { postJson } from "../http/json-calls.ts";

const TIMEOUT_MS = 5_000;
const MOST_OF_DISCORD = 2_000;

/** `test` is of nothing that has happened. */
export interface Message {
  readonly alert: string;
  readonly state: "firing" | "resolved" | "test";
  readonly when: string;
  readonly value?: number | undefined;
  readonly text: string;
  /** When it began to fire; of a test, now. */
  readonly since: string;
  readonly at: string;
}

/** The channels' URLs, as the stack has them. */
export function alertUrls({ ALERT_URLS: urls }: Env): Readonly<Record<string, string>> {
  return JSON.parse(urls ?? "{}") as Record<string, string>;
}

/** Why it was not taken; "" when it was. */
export async function deliver(env: Env, channel: string, message: Message): Promise<string> {
  const urls = alertUrls(env);
  if (!Object.hasOwn(urls, channel)) return "The stack has no URL of it.";
  const [kind = ""] = channel.split("-", 1);
  const body = JSON.stringify((BODIES[kind] ?? own)(message, env));
  try {
    const proof = kind in BODIES ? {} : await signed(`alert:${channel}`, env, `alr_${crypto.randomUUID()}`, body);
    const { ok, status } = await postJson(urls[channel]!, body, TIMEOUT_MS, proof);
    return ok ? "" : `It was answered with ${status}.`;
  } catch {
    return "It could not be reached.";
  }
}

const BODIES: Readonly<Record<string, (message: Message, env: Env) => unknown>> = {
  slack: (message, env) => ({ text: sentence(message, env) }),
  discord: (message, env) => ({
    content: sentence(message, env).slice(0, MOST_OF_DISCORD),
    allowed_mentions: { parse: [] },
  }),
};

function own(message: Message, { PUBLIC_URL: orchestrator }: Env) {
  return { ...message, orchestrator: orchestrator ?? null };
}

const WORDS = { firing: "Firing", resolved: "Resolved", test: "Test" } as const;

function sentence({ alert, state, when, text, since }: Message, { PUBLIC_URL: from = "" }: Env): string {
  const head = `Autopilot Orchestrator ${from}`.trim();
  if (state === "test") return `${head}\n${WORDS[state]}: nothing has happened. ${text}`;
  return `${head}\n${WORDS[state]}: ${alert} (${when}), since ${since}. Now: ${text}.`;
}
