// Whether tasks wait too long: what people are told of the queue.

import type { Env } from "../env.ts";
import { countWaiting } from "./records.ts";

const LATE_MS = 60 * 60 * 1000;

/** Since when the run that has waited longest should have been tried, where that is more than an hour ago. */
export async function findLate(env: Env, now: number): Promise<string | undefined> {
  if (!env.TASK_QUEUE) return undefined;
  const { oldestDueAt } = await countWaiting(env);
  return oldestDueAt !== null && oldestDueAt < now - LATE_MS ? new Date(oldestDueAt).toISOString() : undefined;
}

/** What is new since the last run of the cron. */
export function lateSentences(before: string | undefined, late: string | undefined): string[] {
  if ((before === undefined) === (late === undefined)) return [];
  if (late === undefined) return ["Resolved: no task waits for longer than an hour."];
  const list = "`python -m orchestrator runs --status queued` lists them.";
  return [`Firing: tasks wait that should have been tried at ${late}: ${list}`];
}
