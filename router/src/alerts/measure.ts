// What alerts are about, in figures. Only what some alert asks for is read.

import freePlan from "free-plan";
import type { Env } from "../env.ts";
import { countsBetween, DAY_MS, HOUR_MS } from "../journal/counts.ts";
import { MAX_A_DAY } from "../journal/journal.ts";
import { percentile, total } from "../journal/stats.ts";
import { countWaiting } from "../later/outbox.ts";
import type { AlertRule } from "../routing/table.ts";
import type { Snapshot } from "../snapshot.ts";
import type { Measured } from "./state.ts";

/** Of fewer tasks neither a rate nor a percentile says anything. */
const LEAST_TASKS = 10;

export type Seen = Pick<Snapshot, "autopilots" | "missing" | "unknownRuns">;

/** The figures by metric; one that could not be read throws. */
export function measure(metric: AlertRule["metric"], env: Env, seen: Seen, now: number): Promise<Measured | undefined> {
  return MEASURES[metric](env, seen, now);
}

const MEASURES: Readonly<
  Record<AlertRule["metric"], (env: Env, seen: Seen, now: number) => Promise<Measured | undefined>>
> = {
  "health.down": async (_env, { autopilots }) => {
    const down = Object.keys(autopilots).filter((name) => autopilots[name]!.status === "fail");
    return { value: down.length, text: down.join(", ") || "all answer" };
  },
  drift: async (_env, { missing }) => ({
    value: missing.length,
    text: missing.map(({ kind, name }) => `${kind} ${name}`).join(", ") || "nothing is missing",
  }),
  unknown: async (_env, { unknownRuns = [] }) => ({ value: unknownRuns.length, text: `${unknownRuns.length} runs` }),
  errorRate: async (env, _seen, now) => {
    const counts = await recent(env, now);
    const all = total(counts);
    const errors = total(counts.filter(({ isError }) => isError));
    const value = all < LEAST_TASKS ? 0 : Math.round((errors / all) * 1000) / 10;
    return { value, text: `${value}% (${errors} of ${all} tasks)` };
  },
  p95: async (env, _seen, now) => {
    const counts = await recent(env, now);
    const value = total(counts) < LEAST_TASKS ? 0 : (percentile(counts, 95) ?? 0);
    return { value, text: `${value} ms` };
  },
  "queue.age": async (env, _seen, now) => {
    if (!env.TASK_QUEUE) return undefined;
    const { oldestAt } = await countWaiting(env);
    const value = oldestAt === null ? 0 : Math.max(0, now - oldestAt);
    return { value, text: `${Math.round(value / 1000)} s` };
  },
  quota: async (env, _seen, now) => {
    const midnight = Math.floor(now / DAY_MS) * DAY_MS;
    const { counts, serial } = await countsBetween(env, midnight, midnight + DAY_MS);
    const shares = [total(counts) / freePlan.requestsADay, Math.min(serial, MAX_A_DAY) / MAX_A_DAY];
    const value = Math.round(Math.max(...shares) * 1000) / 10;
    return { value, text: `${value}% of the day's requests or entries` };
  },
};

/** Of this hour and the one before it. */
async function recent(env: Env, now: number) {
  const hour = Math.floor(now / HOUR_MS) * HOUR_MS;
  return (await countsBetween(env, hour - HOUR_MS, hour + HOUR_MS)).counts;
}
