// What an autopilot wants done later: a message of its own, by the queue that the router takes from, so that no Worker is
// bound to the router that is bound to it. Who may send to the queue is who the program binds to it; whose right it is to
// ask for the task is the caller that the autopilot was asked by, and that is looked at here.

import routingTable from "routing-table";
import * as v from "valibot";
import { log } from "#worker-kit/log.ts";
import { idOf, SCHEDULE_PREFIX } from "#worker-kit/run-id.ts";
import { record } from "../journal/journal.ts";
import { cronOf, nextAfter } from "../schedules/next.ts";
import { putSchedule } from "../schedules/records.ts";
import type { Work } from "./consume.ts";
import { queueRun } from "./queue-run.ts";

const WANTED = v.strictObject({
  schedule: v.strictObject({
    task: v.string(),
    /** JSON. */
    meta: v.string(),
    caller: v.string(),
    key: v.string(),
    requestId: v.string(),
    at: v.optional(v.number()),
    every: v.optional(v.string()),
    timezone: v.optional(v.string(), "UTC"),
  }),
});

export type ScheduleMessage = v.InferOutput<typeof WANTED>;

export function scheduleMessageOf(body: unknown): ScheduleMessage | undefined {
  const read = v.safeParse(WANTED, body);
  return read.success ? read.output : undefined;
}

export async function scheduleByMessage({ schedule }: ScheduleMessage, work: Work): Promise<undefined> {
  const { task, meta, caller, key, at, every, timezone, requestId } = schedule;
  const { env } = work;
  const cron = every === undefined ? undefined : cronOf(every, timezone);
  const nextAt = cron && nextAfter(cron, Date.now());
  const why = !mayAskFor(caller, task)
    ? `${caller} may not ask for it`
    : every !== undefined && !nextAt
      ? "its cron expression never fires"
      : "";
  const outcome = why === "" ? "added" : "refused";
  record(work, { kind: "schedule", caller, task, outcome, detail: why || requestId });
  if (why !== "") {
    log("a task was not scheduled", requestId, why);
    return undefined;
  }
  if (every === undefined) {
    const more = { callback: null, schedule: null, trace: null, autopilot: "" };
    await queueRun(env, { caller, key, task, meta, at: Math.ceil(at ?? Date.now()), requestId, ...more });
    return undefined;
  }
  const id = await idOf(SCHEDULE_PREFIX, caller, key);
  const created = { callback: null, createdAt: Date.now(), nextAt: nextAt! };
  await putSchedule(env, { id, caller, task, meta, every, timezone, ...created });
  return undefined;
}

/** As http/auth.ts has it of a caller that calls; a name that is not declared is one of the stack's apiToken. */
function mayAskFor(caller: string, task: string): boolean {
  const rule = Object.hasOwn(routingTable.callers, caller) ? routingTable.callers[caller]! : undefined;
  return rule === undefined || (rule.may.includes("plan") && (rule.tasks.length === 0 || rule.tasks.includes(task)));
}
