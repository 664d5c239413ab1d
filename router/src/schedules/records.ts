// The record of schedules: a row of D1 each. Those of autopilots.yaml are there too, since it has to be known when each
// fires next; their ids begin with `file:`, which no other id does.

import { database } from "../database.ts";
import type { Env } from "../env.ts";

export const DECLARED = "file:";

/** Times are milliseconds since 1970. */
export interface Schedule {
  readonly id: string;
  readonly caller: string;
  readonly task: string;
  /** JSON. */
  readonly meta: string;
  readonly every: string;
  readonly timezone: string;
  readonly callback: string | null;
  readonly createdAt: number;
  readonly nextAt: number;
  /** The run of its last time. */
  readonly lastRun: string | null;
  /** How often nothing was there to see its time, since it was made. */
  readonly missed: number;
}

const SHOWN = `id, caller, task, meta, every, timezone, callback, created_at AS createdAt, next_at AS nextAt,
  last_run AS lastRun, missed`;
// What says when it fires counts from now on where it has changed; the rest is as it is said.
const PUT = `
  INSERT INTO schedules (id, caller, task, meta, every, timezone, callback, created_at, next_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
  ON CONFLICT (id) DO UPDATE SET caller = ?2, task = ?3, meta = ?4, callback = ?7, every = ?5, timezone = ?6,
    next_at = iif(every = ?5 AND timezone = ?6, next_at, ?9)
  WHERE task <> ?3 OR meta <> ?4 OR every <> ?5 OR timezone <> ?6`;
const ADVANCE = `
  UPDATE schedules SET next_at = ?3, last_run = coalesce(?4, last_run), missed = missed + ?5
  WHERE id = ?1 AND next_at = ?2`;

export async function putSchedule(env: Env, schedule: Omit<Schedule, "lastRun" | "missed">): Promise<void> {
  const { id, caller, task, meta, every, timezone, callback, createdAt, nextAt } = schedule;
  const put = (await database(env)).prepare(PUT);
  await put.bind(id, caller, task, meta, every, timezone, callback, createdAt, nextAt).run();
}

export async function findSchedules(env: Env, caller: string | null): Promise<Schedule[]> {
  const select = `SELECT ${SHOWN} FROM schedules WHERE ?1 IS NULL OR caller = ?1 ORDER BY created_at, id`;
  return (await (await database(env)).prepare(select).bind(caller).all<Schedule>()).results;
}

export async function findSchedule(env: Env, id: string): Promise<Schedule | null> {
  return (await database(env)).prepare(`SELECT ${SHOWN} FROM schedules WHERE id = ?1`).bind(id).first<Schedule>();
}

/** Those that fire before `until`, the first ones first. */
export async function findDueSchedules(env: Env, until: number, most: number): Promise<Schedule[]> {
  const select = `SELECT ${SHOWN} FROM schedules WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2`;
  return (await (await database(env)).prepare(select).bind(until, most).all<Schedule>()).results;
}

/** False where somebody else has advanced it. */
export async function advanceSchedule(
  env: Env,
  { id, nextAt }: Schedule,
  to: { readonly nextAt: number; readonly lastRun: string | null; readonly missed: number },
): Promise<boolean> {
  const advance = (await database(env)).prepare(ADVANCE).bind(id, nextAt, to.nextAt, to.lastRun, to.missed);
  return (await advance.run()).meta.changes > 0;
}

export async function deleteSchedule(env: Env, id: string): Promise<boolean> {
  const done = await (await database(env)).prepare("DELETE FROM schedules WHERE id = ?1").bind(id).run();
  return done.meta.changes > 0;
}
