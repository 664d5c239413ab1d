// What alerts are about, in figures. Only what some alert asks for is read.

import type { Env } from "../env.ts";
import { type Count, countsBetween, HOUR_MS } from "../journal/counts.ts";
import { percentile, total } from "../journal/stats.ts";
import type { AlertRule } from "../routing/table.ts";
import type { Snapshot } from "../snapshot.ts";
import { countedToday, freePlanUse } from "../usage/use.ts";
import type { Measured } from "./state.ts";

/** Of fewer tasks neither a rate nor a percentile says anything. */
const LEAST_TASKS = 10;

/** What the run of the cron knows already. */
export type Seen = Pick<Snapshot, "autopilots" | "missing" | "unknownRuns" | "waiting" | "accountUse">;

type Metric = AlertRule["metric"];

/** What is measured once for all alerts of a run. */
interface Reading {
  readonly env: Env;
  readonly seen: Seen;
  readonly now: number;
  /** The tasks of this hour and the one before it that an autopilot was asked for, or that failed before. */
  readonly recent: () => Promise<readonly Count[]>;
}

/** Measures each metric once, when it is first asked for; one that could not be read throws. */
export function measurer(env: Env, seen: Seen, now: number): (metric: Metric) => Promise<Measured | undefined> {
  const hour = Math.floor(now / HOUR_MS) * HOUR_MS;
  // What a caller did wrong before anybody was asked says nothing of autopilots, however much of it there is.
  const recent = once(async () =>
    (await countsBetween(env, hour - HOUR_MS, hour + HOUR_MS)).counts.filter((each) => each.autopilot || each.isError),
  );
  const known = new Map<Metric, Promise<Measured | undefined>>();
  return (metric) => {
    const measured = known.get(metric) ?? MEASURES[metric]({ env, seen, now, recent });
    known.set(metric, measured);
    return measured;
  };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let known: Promise<T> | undefined;
  return () => (known ??= read());
}

const MEASURES: Readonly<Record<Metric, (reading: Reading) => Promise<Measured | undefined>>> = {
  "health.down": async ({ seen: { autopilots } }) => {
    const down = Object.keys(autopilots).filter((name) => autopilots[name]!.status === "fail");
    return { value: down.length, text: down.join(", ") || "all answer" };
  },
  drift: async ({ seen: { missing } }) => ({
    value: missing.length,
    text: missing.map(({ kind, name }) => `${kind} ${name}`).join(", ") || "nothing is missing",
  }),
  unknown: async ({ seen: { unknownRuns: { length } = [] } }) => ({
    value: length,
    text: `${length} run${length === 1 ? "" : "s"}`,
  }),
  errorRate: async ({ recent }) => {
    const counts = await recent();
    const all = total(counts);
    const errors = total(counts.filter(({ isError }) => isError));
    const value = all < LEAST_TASKS ? 0 : Math.round((errors / all) * 1000) / 10;
    return { value, text: `${value}% (${errors} of ${all} tasks)` };
  },
  p95: async ({ recent }) => {
    const counts = await recent();
    const value = total(counts) < LEAST_TASKS ? 0 : (percentile(counts, 95) ?? 0);
    return { value, text: `${value} ms` };
  },
  "queue.age": async ({ env, seen: { waiting }, now }) => {
    if (!env.TASK_QUEUE || !waiting) return undefined;
    const { oldestAt } = waiting;
    const value = oldestAt === null ? 0 : Math.max(0, now - oldestAt);
    return { value, text: `${Math.round(value / 1000)} s` };
  },
  quota: async ({ env, seen: { accountUse }, now }) => {
    const { source, resources } = freePlanUse(env, accountUse, await countedToday(env, now), now);
    const most = resources.reduce((most, each) => (each.used / each.limit > most.used / most.limit ? each : most));
    const value = Math.round((most.used / most.limit) * 1000) / 10;
    const name = most.name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    return { value, text: `${source === "cloudflare" ? "about " : ""}${value}% of the ${most.per}'s ${name}` };
  },
};
