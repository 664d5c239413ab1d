// What the cron does for runs that wait: it sends the message of each that is due before the cron has come twice more, and
// another one for each whose message is missing (outbox.ts). It does the same for callbacks.

import routingTable from "routing-table";
import type { Env } from "../env.ts";
import { messageFor } from "./messages.ts";
import { findToSend, findUntold, markSent } from "./outbox.ts";

/** In one run of the cron; messages of a batch cost as many operations as they are. */
const MOST = 500;
const A_BATCH = 100;

/** Answers how many messages were sent; without a queue nothing is read. */
export async function feedQueue(env: Env): Promise<number> {
  const { TASK_QUEUE: queue } = env;
  if (!queue) return 0;
  const now = Date.now();
  const runs = await findToSend(env, now + horizonMs(), now, MOST);
  const untold = await findUntold(env, now, MOST);
  await sendAll(env, queue, runs, now, (run) => {
    const { message, delaySeconds } = messageFor(run, run.dueAt, now);
    return { body: message, contentType: "json", delaySeconds };
  });
  await sendAll(env, queue, untold, now, ({ id }) => ({ body: { callback: id }, contentType: "json" }));
  return runs.length + untold.length;
}

async function sendAll<T extends { readonly id: string }>(
  env: Env,
  queue: Queue,
  runs: readonly T[],
  now: number,
  messageOf: (run: T) => MessageSendRequest,
): Promise<void> {
  for (let from = 0; from < runs.length; from += A_BATCH) {
    const some = runs.slice(from, from + A_BATCH);
    await queue.sendBatch(some.map(messageOf));
    const ids = some.map(({ id }) => id);
    await markSent(env, ids, now);
  }
}

/** Until when the cron looks ahead, from now: one run of it may be missed. */
export function horizonMs(): number {
  return 2 * routingTable.cronPeriodMs;
}
