// /autopilot/schedules: what is asked for again and again. A caller sees its own; who may `read` sees all. Those of
// autopilots.yaml are changed there.

import { Problem } from "#worker-kit/problem.ts";
import { hasRight, requireRight } from "../http/auth.ts";
import { invalid } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { record } from "../journal/journal.ts";
import { cronOf, nextAfter } from "./next.ts";
import { DECLARED, deleteSchedule, findSchedule, findSchedules, putSchedule, type Schedule } from "./records.ts";

const MOST_OF_A_CALLER = 100;

export interface AskedAgain {
  readonly task: string;
  readonly meta: string;
  readonly every: string;
  readonly timezone: string;
  readonly callback: string | null;
}

export async function listSchedules(call: Call): Promise<Response> {
  const { env, caller } = call;
  return Response.json({ schedules: (await findSchedules(env, hasRight(call, "read") ? null : caller)).map(document) });
}

/** Throws a problem: 403 for another caller's without `resolve`, 404, 409 for one of autopilots.yaml. */
export async function removeSchedule(call: Call): Promise<Response> {
  const { env, caller, parameter: id } = call;
  const found = await findSchedule(env, id);
  if (!found || (found.caller !== caller && !hasRight(call, "read"))) throw noSuchSchedule(id);
  if (id.startsWith(DECLARED)) throw declaredSchedule(id);
  if (found.caller !== caller) requireRight(call, "resolve");
  await deleteSchedule(env, id);
  record(call, { kind: "schedule", caller, task: found.task, outcome: "removed", detail: id });
  return new Response(null, { status: 204 });
}

/** Answers 201 with the schedule. Throws a problem: 409 for too many, 422 for a time that never comes. */
export async function addSchedule(
  call: Call,
  { task, meta, every, timezone, callback }: AskedAgain,
): Promise<Response> {
  const { env, caller } = call;
  const cron = cronOf(every, timezone);
  const now = Date.now();
  const nextAt = cron && nextAfter(cron, now);
  if (!nextAt)
    throw invalid([
      {
        pointer: "/every",
        message: "is no cron expression of five fields that ever fires in that time zone (1 is Sunday)",
      },
    ]);
  const own = await findSchedules(env, caller);
  if (own.length >= MOST_OF_A_CALLER) throw tooMany(caller);
  const id = `sch_${crypto.randomUUID().replaceAll("-", "")}`;
  const schedule = { id, caller, task, meta, every, timezone, callback, createdAt: now, nextAt };
  await putSchedule(env, schedule);
  record(call, { kind: "schedule", caller, task, outcome: "added", detail: id });
  const headers = { location: `/autopilot/schedules/${id}` };
  return Response.json(document({ ...schedule, lastRun: null, missed: 0 }), { status: 201, headers });
}

function document({ id, caller, task, every, timezone, createdAt, nextAt, lastRun, missed }: Schedule) {
  const isOver = nextAt === Number.MAX_SAFE_INTEGER;
  return {
    ...{ id, caller, task, every, timezone, source: id.startsWith(DECLARED) ? "declared" : "asked-for" },
    createdAt: new Date(createdAt).toISOString(),
    nextAt: isOver ? null : new Date(nextAt).toISOString(),
    ...{ lastRun, missed },
  };
}

function noSuchSchedule(id: string): Problem {
  return new Problem({
    status: 404,
    title: "No such schedule",
    detail: `There is no schedule ${id}.`,
    members: {
      hint: "GET /autopilot/schedules lists them; what is done once, at a time, is a run: DELETE /autopilot/runs/<id>.",
    },
  });
}

function declaredSchedule(id: string): Problem {
  return new Problem({
    status: 409,
    title: "Declared schedule",
    detail: `The schedule ${id.slice(DECLARED.length)} is declared in autopilots.yaml.`,
    members: { hint: "Take it out of `schedules:` there, then run `pulumi up`." },
  });
}

function tooMany(caller: string): Problem {
  return new Problem({
    status: 409,
    title: "Too many schedules",
    detail: `${caller} has ${MOST_OF_A_CALLER} schedules, which is as many as there may be.`,
    members: { hint: "Remove one: DELETE /autopilot/schedules/<id>." },
  });
}
