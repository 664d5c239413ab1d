// task.schedule: a task of the orchestrator's that is done at a time, or again and again. The router takes it from its
// queue, to which this Worker is bound: a service binding to the router would be a circle.

import * as v from "valibot";
import { idOf, RUN_PREFIX, SCHEDULE_PREFIX } from "#worker-kit/run-id.ts";
import { anyObject, object, string } from "#worker-kit/validation.ts";
import { notConfigured } from "../../shared/problem.ts";
import type { Call } from "../../shared/serve.ts";
import { validate } from "../../shared/validate.ts";
import type { Env } from "./env.ts";

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const MAX_BYTES = 120_000; // a message of a queue has 128 KB
const WANTED = v.pipe(
  object({
    task: string(/^\S.*$/, { max: 256, message: "must be the name of a task" }),
    meta: v.optional(anyObject, {}),
    at: v.optional(string(MOMENT, { max: 40, message: "must be a time of RFC 3339 with its offset" })),
    every: v.optional(string(/^\S+( +\S+){4}$/, { max: 256, message: "must be a cron expression of five fields" })),
    timezone: v.optional(string(/^[\w+/-]+$/, { max: 64, message: "must be the name of a time zone" })),
  }),
  v.check(({ at, every }) => (at === undefined) !== (every === undefined), "must have either at or every"),
  v.check(({ meta }) => JSON.stringify(meta).length <= MAX_BYTES, `must have at most ${MAX_BYTES} bytes of meta`),
);

/** Answers 202 with the id under which the orchestrator has it: of a run, or of a schedule. */
export async function scheduleTask({ env, meta: given, caller, repeatKey, requestId }: Call<Env>): Promise<Response> {
  const { TASK_QUEUE: queue } = env;
  if (!queue)
    throw notConfigured(
      ["TASK_QUEUE"],
      "write `async: true` at a task, or `schedules:`, in autopilots.yaml, then run `pulumi up`",
    );
  const { task, meta, at, every, timezone } = validate(WANTED, given);
  const key = `schedule:${repeatKey}`;
  const when = at === undefined ? { every, timezone } : { at: Date.parse(at) };
  const schedule = { task, meta: JSON.stringify(meta), caller, key, requestId, ...when };
  await queue.send({ schedule }, { contentType: "json" });
  const id = await idOf(at === undefined ? SCHEDULE_PREFIX : RUN_PREFIX, caller, key);
  const place = at === undefined ? `/autopilot/schedules/${id}` : `/autopilot/runs/${id}`;
  return Response.json({ id, task, location: place }, { status: 202 });
}
