// The outbox: a run is recorded before its message is sent, so what dies in between leaves a row whose message is missing.
// Here such rows are found, and those of callers that were not told.
//
// `due_at` of a run that waits is when its message comes next: each try that does not end it moves it. So a row that is due
// for a while, and whose message is older than that, has none, or its queue is that far behind. For the second case another
// one is sent less often the longer it waits; two of them do no harm.

import { database } from "../database.ts";
import type { Env } from "../env.ts";

/** A message that did not come for so long is lost. */
const LOST_MS = 10 * 60 * 1000;
/** A run that waits for its next try is due within this, unless its autopilot has asked for a longer pause. */
const LONGEST_BACKOFF_MS = 60 * 60 * 1000;

// ?1 until when what is due is sent, ?2 before when a message is lost, ?3 now. The second part: what was tried by somebody
// who died, and the message with it.
const TO_SEND = `
  SELECT id, task, due_at AS dueAt FROM runs INDEXED BY runs_queued
  WHERE status = 'queued' AND due_at <= ?1
    AND (sent_at IS NULL OR due_at < ?2 AND sent_at < ?2 AND 2 * sent_at <= ?3 + due_at)
  UNION ALL
  SELECT id, task, expires_at AS dueAt FROM runs INDEXED BY runs_unsettled
  WHERE status IN ('running', 'unknown') AND status = 'running' AND later AND NOT guarded AND meta IS NOT NULL
    AND expires_at < ?2 AND sent_at < ?2 AND 2 * sent_at <= ?3 + expires_at
  ORDER BY dueAt LIMIT ?4`;
const SENT = "UPDATE runs SET sent_at = ?1 WHERE id IN (SELECT value FROM json_each(?2))";
const UNTOLD = `
  SELECT id, task FROM runs INDEXED BY runs_untold
  WHERE callback_status = 'waiting' AND finished_at < ?1 AND coalesce(sent_at, 0) < ?1 ORDER BY finished_at LIMIT ?2`;
const TOLD = "UPDATE runs SET callback_status = ?2 WHERE id = ?1 AND callback_status = 'waiting'";
// `started_at` of a run that was never tried is when it should have been.
const COUNT = `
  SELECT count(*) AS runs, min(started_at) AS oldestAt, coalesce(max(attempts), 0) AS mostAttempts
  FROM runs INDEXED BY runs_queued WHERE status = 'queued' AND due_at <= ?1 + ?2 AND started_at <= ?1`;

/** Runs whose time has come and that have not ended. */
export interface Waiting {
  readonly runs: number;
  /** Since when that one waits that was not tried for longest, in milliseconds since 1970. */
  readonly oldestAt: number | null;
  readonly mostAttempts: number;
}

/** Runs that are due before `until` and have no message on its way. */
export async function findToSend(
  env: Env,
  until: number,
  now: number,
  most: number,
): Promise<{ id: string; task: string; dueAt: number }[]> {
  const found = (await database(env)).prepare(TO_SEND).bind(until, now - LOST_MS, now, most);
  return (await found.all<{ id: string; task: string; dueAt: number }>()).results;
}

/** Their messages were sent, or come, at `at`; null: they were not, so the cron sends them the next time it comes. */
export async function markSent(env: Env, ids: readonly string[], at: number | null): Promise<void> {
  await (await database(env)).prepare(SENT).bind(at, JSON.stringify(ids)).run();
}

/** Runs that have ended, whose caller was to be told of it, and was not. */
export async function findUntold(env: Env, now: number, most: number): Promise<{ id: string; task: string }[]> {
  const found = (await database(env)).prepare(UNTOLD).bind(now - LOST_MS, most);
  return (await found.all<{ id: string; task: string }>()).results;
}

export async function writeTold(env: Env, id: string, status: "told" | "failed"): Promise<void> {
  await (await database(env)).prepare(TOLD).bind(id, status).run();
}

export async function countWaiting(env: Env): Promise<Waiting> {
  return (await (await database(env)).prepare(COUNT).bind(Date.now(), LONGEST_BACKOFF_MS).first<Waiting>())!;
}
