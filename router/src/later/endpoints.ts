// DELETE /autopilot/runs/<id>: what has not begun is not done. POST …/retry: what was given up is tried again.

import routingTable from "routing-table";
import { Problem } from "#worker-kit/problem.ts";
import { requireRight } from "../http/auth.ts";
import type { Call } from "../http/call.ts";
import { record } from "../journal/journal.ts";
import type { EntryOutcome } from "../journal/words.ts";
import { documentText } from "../once/document.ts";
import { findVisibleRun, json } from "../once/endpoints.ts";
import type { Run } from "../once/runs.ts";
import { ruleOf } from "../routing/table.ts";
import { requireQueue, sendMessage } from "./messages.ts";
import { cancelRun, reviveRun } from "./records.ts";
import { asyncRuleOf } from "./rule.ts";

/** Throws a problem: 403 for another caller's without `resolve`, 404, 409 for one that has begun. */
export async function cancel(call: Call): Promise<Response> {
  const { env, caller, parameter: id } = call;
  const before = await findVisibleRun(call);
  if (before.caller !== caller) requireRight(call, "resolve");
  if (!(await cancelRun(env, id, `${caller} cancelled it.`))) throw hasBegun(await findVisibleRun(call));
  journal(call, before, "cancelled");
  return json(documentText(await findVisibleRun(call), caller));
}

/** Throws a problem: 403, 404, 409 for one that cannot be tried again. */
export async function retry(call: Call): Promise<Response> {
  const { env, caller, requestId, parameter: id } = call;
  requireQueue(env);
  const before = await findVisibleRun(call);
  const { retries } = asyncRuleOf(ruleOf(routingTable, before.task));
  const task = await reviveRun(env, id, retries + 1);
  if (task === null) throw notRetryable(await findVisibleRun(call));
  await sendMessage(env, { run: id, task }, 0, requestId);
  journal(call, before, "retried");
  return json(documentText(await findVisibleRun(call), caller), 202);
}

function journal(call: Call, { id, task, capability, autopilot }: Run, outcome: EntryOutcome): void {
  record(call, { kind: "run", caller: call.caller, task, capability, autopilot, outcome, detail: id });
}

function hasBegun({ id, status }: Run): Problem {
  return new Problem({
    status: 409,
    title: "Not cancelled",
    detail: `The run ${id} is ${status}: only one that is queued can be cancelled.`,
    members: { run: id, statusOfRun: status },
  });
}

function notRetryable({ id, status, later, guarded }: Run): Problem {
  const isUnknown = status === "unknown" && guarded === 1;
  const why = isUnknown
    ? "nobody knows whether it was done, so a person says that first (resolve)"
    : later === 0
      ? "its caller waited for it: the caller repeats the request"
      : "only one that was given up, or not done, is tried again";
  return new Problem({
    status: 409,
    title: "Not retried",
    detail: `The run ${id} is ${status}: ${why}.`,
    members: { run: id, statusOfRun: status },
  });
}
