// POST /autopilot/runs/<id>/approve: somebody's word on a run that waits for one. The autopilot that has the run keeps
// what waits and why; the router says who may speak, and brings the word, signed, beside the run.

import * as v from "valibot";
import { Problem } from "#worker-kit/problem.ts";
import { object } from "#worker-kit/validation.ts";
import { requireAnother } from "../http/auth.ts";
import { readBody } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { record } from "../journal/journal.ts";
import { documentOf } from "./document.ts";
import { NOTE, noSuchRun } from "./endpoints.ts";
import { continueRun } from "./once.ts";
import { findRun } from "./runs.ts";
import { wasUnderWay } from "./under-way.ts";

const APPROVAL = object(
  { approved: v.optional(v.boolean("must be true or false"), true), note: NOTE },
  "is not a member of an approval: it has approved and note",
);

/** The run as it is then; what the autopilot does not take it says itself. Throws a problem: 403 for a run of the caller's own, 404, 409 where nothing waits, 422. */
export async function approve(call: Call): Promise<Response> {
  const { env, request, caller, parameter: id } = call;
  const { approved, note } = await readBody(request, APPROVAL);
  const run = await findRun(env, id);
  if (!run) throw noSuchRun(id);
  requireAnother(call, "approve", run.caller);
  if (!wasUnderWay(run)) {
    throw new Problem({
      status: 409,
      title: "Not waiting for approval",
      detail: `The run ${id} is ${run.status}: nothing of it waits for anybody's approval.`,
      members: { run: id, statusOfRun: run.status },
    });
  }
  const { response, isRecorded } = await continueRun(call, run, "{}", { approved, by: caller, note });
  const { task, capability, autopilot } = run;
  const outcome = !isRecorded ? "refused" : approved ? "approved" : "not-approved";
  record(call, { kind: "run", caller, task, capability, autopilot, outcome, detail: id });
  return isRecorded ? Response.json(documentOf((await findRun(env, id))!, caller)) : response;
}
