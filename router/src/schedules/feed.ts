// What the cron does for schedules: it makes a run for each time until the cron has come twice more, under a key made of
// the schedule and the time, so that doing it twice makes one run. What nobody was there to see is caught up once, however
// often it was missed.

import routingTable from "routing-table";
import { log } from "#worker-kit/log.ts";
import type { Env } from "../env.ts";
import { horizonMs } from "../later/feed.ts";
import { queueRun } from "../later/queue-run.ts";
import { cronOf, nextAfter } from "./next.ts";
import {
  advanceSchedule,
  DECLARED,
  deleteSchedule,
  findDueSchedules,
  findSchedules,
  putSchedule,
  type Schedule,
} from "./records.ts";

/** In one run of the cron. */
const MOST_SCHEDULES = 50;
const MOST_TIMES = 40;
/** How often it is counted what was missed; more is not told exactly. */
const MOST_MISSED = 10_000;
/** A time that is over for so long was missed. */
const LATE_MS = 5 * 60 * 1000;
/** Where a schedule has no next time. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** A schedule that fired while nothing ran, and how often. */
export interface Missed {
  readonly id: string;
  readonly task: string;
  readonly times: number;
}

export function missedSentence({ id, task, times }: Missed): string {
  const often = times === 1 ? "once" : `${times} times`;
  return `The schedule ${id} of ${task} was missed ${often} while nothing ran; it is caught up once.`;
}

/** Makes runs of what is to come; answers what was missed. Without a queue nothing is read. */
export async function feedSchedules(env: Env, requestId: string): Promise<readonly Missed[]> {
  if (!env.TASK_QUEUE) return [];
  const now = Date.now();
  await putDeclared(env, now, requestId);
  const missed: Missed[] = [];
  for (const schedule of await findDueSchedules(env, now + horizonMs(), MOST_SCHEDULES)) {
    const times = await feed(env, schedule, now, requestId);
    if (times > 0) missed.push({ id: schedule.id, task: schedule.task, times });
  }
  return missed;
}

async function feed(env: Env, schedule: Schedule, now: number, requestId: string): Promise<number> {
  const { id, every, timezone } = schedule;
  const cron = cronOf(every, timezone);
  if (cron === undefined) {
    log("a schedule cannot be read", requestId, { id, every, timezone });
    await advanceSchedule(env, schedule, { nextAt: NEVER, lastRun: null, missed: 0 });
    return 0;
  }
  let [at, missed]: [number | null, number] = [schedule.nextAt, 0];
  while (at !== null && at < now - LATE_MS && missed < MOST_MISSED) {
    missed++;
    at = nextAfter(cron, at);
  }
  if (missed === MOST_MISSED) at = nextAfter(cron, now);
  // The first that was missed names the run that makes up for all of them.
  const times: { key: number; at: number }[] = missed > 0 ? [{ key: schedule.nextAt, at: now }] : [];
  for (; at !== null && at <= now + horizonMs() && times.length < MOST_TIMES; at = nextAfter(cron, at)) {
    times.push({ key: at, at });
  }
  let lastRun: string | null = null;
  for (const time of times) {
    const { run } = await queueRun(env, {
      ...{ caller: schedule.caller, key: `${id}@${new Date(time.key).toISOString()}`, task: schedule.task },
      ...{ meta: schedule.meta, at: time.at, callback: schedule.callback, schedule: id, requestId, trace: null },
      autopilot: "",
    });
    lastRun = run.id;
  }
  await advanceSchedule(env, schedule, { nextAt: at ?? NEVER, lastRun, missed });
  return missed;
}

/** The schedules of autopilots.yaml, as it has them now. */
async function putDeclared(env: Env, now: number, requestId: string): Promise<void> {
  const declared = Object.entries(routingTable.schedules);
  for (const [name, { task, every, timezone, meta }] of declared) {
    const cron = cronOf(every, timezone);
    if (cron === undefined) {
      log("a schedule of autopilots.yaml cannot be read", requestId, { name, every, timezone });
      continue;
    }
    const id = DECLARED + name;
    const nextAt = nextAfter(cron, now) ?? NEVER;
    const text = JSON.stringify(meta);
    await putSchedule(env, {
      ...{ id, caller: id, task, meta: text, every, timezone, callback: null, createdAt: now, nextAt },
    });
  }
  const names = new Set(declared.map(([name]) => DECLARED + name));
  for (const { id } of await findSchedules(env, null)) {
    if (id.startsWith(DECLARED) && !names.has(id)) await deleteSchedule(env, id);
  }
}
