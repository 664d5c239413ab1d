// What the queue of tasks carries: which run is to be tried, or whose caller is to be told; never what a task carries.

import { log } from "#worker-kit/log.ts";
import { isObject } from "#worker-kit/validation.ts";
import type { Env } from "../env.ts";
import { notConfigured } from "../http/problem.ts";
import { markSent } from "./outbox.ts";

/** The longest delay that a queue takes. */
export const MAX_DELAY_S = 12 * 60 * 60;

export interface RunMessage {
  readonly run: string;
  readonly task: string;
}

/** The caller of that run is to be told of its end. */
export interface CallbackMessage {
  readonly callback: string;
}

export function isRunMessage(body: unknown): body is RunMessage {
  return isObject(body) && typeof body.run === "string" && typeof body.task === "string";
}

export function isCallbackMessage(body: unknown): body is CallbackMessage {
  return isObject(body) && typeof body.callback === "string";
}

/** Throws a problem (503) where there is no queue. */
export function requireQueue({ TASK_QUEUE: queue }: Env): Queue {
  if (queue) return queue;
  const hint =
    "Write `async: true` at a task in autopilots.yaml, then run `pulumi up`: it makes the queue and binds it.";
  throw notConfigured("TASK_QUEUE", "is not bound, so nothing can be done later", hint);
}

/** Seconds from now until `at`, up to what a queue takes, rounded up: nothing comes before its time. */
export function delayUntil(at: number, now: number): number {
  return Math.min(Math.max(0, Math.ceil((at - now) / 1000)), MAX_DELAY_S);
}

/** Sends what is recorded already. Where that fails the cron sends it later, so nobody is told. */
export async function sendMessage(
  env: Env,
  message: RunMessage | CallbackMessage,
  delaySeconds: number,
  requestId: string,
): Promise<void> {
  try {
    await requireQueue(env).send(message, { contentType: "json", delaySeconds });
  } catch (error) {
    log("a message was not sent; the cron sends another one", requestId, error);
    if (isRunMessage(message)) {
      await markSent(env, [message.run], null).catch((fault: unknown) => log("that is not recorded", requestId, fault));
    }
  }
}
