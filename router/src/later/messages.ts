// What the queue of tasks carries: which run is to be tried, or whose caller is to be told; never what a task carries.

import { log } from "#worker-kit/log.ts";
import { isObject } from "#worker-kit/validation.ts";
import type { Env } from "../env.ts";
import { notConfigured } from "../http/problem.ts";
import { markSent } from "./outbox.ts";

/** The longest delay that a queue takes. */
export const MAX_DELAY_S = 12 * 60 * 60;

/** A queue's delay is in whole seconds, and its consumer may gather a batch for one more (`max_wait_ms` in
 * orchestrator/desired/resources.py): so a message is sent for that much sooner, and waited with for the rest. */
const SOONER_MS = 1_000;
/** As soon as a message may come before its time by that, and a little more; earlier ones go back to the queue. */
export const LONGEST_EARLY_MS = SOONER_MS + 2_000;

/** `at`: not before then, in milliseconds since 1970. */
export interface RunMessage {
  readonly run: string;
  readonly task: string;
  readonly at?: number;
}

/** The caller of that run is to be told of its end. */
export interface CallbackMessage {
  readonly callback: string;
}

export function isRunMessage(body: unknown): body is RunMessage {
  if (!isObject(body)) return false;
  const { run, task, at = 0 } = body;
  return typeof run === "string" && typeof task === "string" && typeof at === "number";
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

/** The message of a run that is not to be tried before `at`, and its delay in the queue, up to what that takes. */
export function messageFor(
  { id, task }: { readonly id: string; readonly task: string },
  at: number,
  now: number,
): { readonly message: RunMessage; readonly delaySeconds: number } {
  const delaySeconds = Math.min(Math.max(0, Math.floor((at - now - SOONER_MS) / 1000)), MAX_DELAY_S);
  return { message: { run: id, task, ...(at > now ? { at } : {}) }, delaySeconds };
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
