// Whether tasks wait too long: what people are told of the queue.

import type { Env } from "../env.ts";
import { countWaiting, type Waiting } from "./outbox.ts";

const LATE_MS = 60 * 60 * 1000;

/** What waits; undefined where nothing does and there is no queue. Without one, what waits has lost it. */
export async function findWaitingRuns(env: Env): Promise<Waiting | undefined> {
  const waiting = await countWaiting(env);
  return env.TASK_QUEUE || waiting.runs > 0 ? waiting : undefined;
}

/** Since when the run that has waited longest was not tried, where that is more than an hour ago. */
export function lateSince(waiting: Waiting | undefined, now: number): string | undefined {
  const { oldestAt = null } = waiting ?? {};
  return oldestAt !== null && oldestAt < now - LATE_MS ? new Date(oldestAt).toISOString() : undefined;
}

/** What is new since the last run of the cron. */
export function lateSentences(before: string | undefined, late: string | undefined): string[] {
  if ((before === undefined) === (late === undefined)) return [];
  if (late === undefined) return ["Resolved: no task waits for longer than an hour."];
  const list = "`python -m orchestrator runs --status queued` lists them.";
  return [`Firing: tasks wait that should have been tried at ${late}: ${list}`];
}
