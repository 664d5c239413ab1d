// The message that tells people what has changed: one a run, in the JSON that Slack's incoming webhooks take, posted to
// ALERT_URL. That URL is a secret, so no error's own text goes to the log.

import { log } from "#worker-kit/log.ts";
import type { Env } from "../env.ts";
import { postJson } from "../http/json-calls.ts";

const TIMEOUT_MS = 5_000;
/** Of the sentences that could not be delivered, the latest are kept. */
const MOST_UNSENT = 50;

export interface Delivery {
  readonly alert: "none" | "not-configured" | "sent" | "failed";
  /** For the next run to send. */
  readonly unsent: readonly string[];
}

/** Sends the sentences, if there are any, as one message. */
export async function sendAlert(env: Env, lines: readonly string[], requestId: string): Promise<Delivery> {
  if (lines.length === 0) return { alert: "none", unsent: [] };
  const { ALERT_URL: url, PUBLIC_URL: from = "" } = env;
  if (!url) return { alert: "not-configured", unsent: [] };
  const why = await post(url, JSON.stringify({ text: [`Autopilot Orchestrator ${from}`.trim(), ...lines].join("\n") }));
  if (why === "") return { alert: "sent", unsent: [] };
  log("an alert was not delivered; the next run sends it again", requestId, why);
  return { alert: "failed", unsent: lines.slice(-MOST_UNSENT) };
}

/** Why it was not taken; "" when it was. */
async function post(url: string, body: string): Promise<string> {
  try {
    const { ok, status } = await postJson(url, body, TIMEOUT_MS);
    return ok ? "" : `It was answered with ${status}.`;
  } catch {
    return "ALERT_URL could not be reached.";
  }
}
