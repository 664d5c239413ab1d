// A task that nobody waits for comes in: it is recorded, then its message is sent, then its caller is told where to ask.

import routingTable from "routing-table";
import { isMetaRefused } from "../catalog/checks.ts";
import type { Env } from "../env.ts";
import { endpointRules } from "../forward/endpoint-rules.ts";
import { invalid } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { idempotencyKeyOf } from "../http/idempotency-key.ts";
import { documentOf } from "../once/document.ts";
import { isKey, replay, runIdOf } from "../once/once.ts";
import { keyProblem, RUN_HEADER, reusedProblem, unknownProblem } from "../once/problems.ts";
import { findKeptRun, type Run } from "../once/runs.ts";
import type { Noted } from "../plan/journal-task.ts";
import type { Decision, Refusal } from "../routing/decide.ts";
import { ruleOf } from "../routing/table.ts";
import { checkEndpoint, MESSAGES } from "../routing/urls.ts";
import { requireQueue } from "./messages.ts";
import { queueRun } from "./queue-run.ts";
import { appliedPreference, type Preference } from "./rule.ts";
import { waitForEnd } from "./wait.ts";

export interface AskedForLater {
  readonly task: string;
  readonly meta: string;
  /** When, in milliseconds since 1970; null for now. */
  readonly at: number | null;
  readonly callback: string | null;
}

/** Answers 202 with the run, or with what came of it where it ended while it was waited for. Throws a problem. */
export async function acceptForLater(
  call: Call,
  { task, meta, at, callback }: AskedForLater,
  decided: Decision | Refusal,
  preference: Preference,
  noted: Noted,
): Promise<Response> {
  const { env, request, requestId, caller } = call;
  requireQueue(env);
  checkCallback(callback, env, request);
  if ("problem" in decided && decided.problem.status === 404) throw decided.problem;
  const given = idempotencyKeyOf(request);
  const isOnce = ruleOf(routingTable, task).once;
  if (given === null ? isOnce : !isKey(given)) throw keyProblem(task, given);
  if ("problem" in decided && isMetaRefused(decided)) {
    const before = given === null ? null : await findKeptRun(env, await runIdOf(caller, given));
    if (!before) throw decided.problem;
  }
  const now = Date.now();
  const { run, isNew, isSame } = await queueRun(env, {
    ...{ caller, key: given ?? crypto.randomUUID(), task, meta, at: Math.max(at ?? now, now), callback },
    ...{ schedule: null, requestId, trace: request.headers.get("traceparent") },
    autopilot: "problem" in decided ? "" : decided.route.name,
  });
  if (!("problem" in decided)) noted.decision = decided;
  noted.outcome = isNew ? "queued" : "repeated";
  if (!isSame) throw reusedProblem(run);
  if (!isNew && run.status === "unknown") throw unknownProblem(run);
  if (!isNew && run.status === "done") return replay(run, run.fingerprint);
  const applied = appliedPreference(preference);
  const ended = preference.waitS > 0 ? await waitForEnd(env, run.id, preference.waitS) : null;
  if (ended?.status === "done") return withHeaders(replay(ended, ended.fingerprint), applied);
  return accepted(ended ?? run, caller, applied);
}

/** Throws a problem (422); it is checked again whenever it is called. */
function checkCallback(callback: string | null, env: Env, request: Request): void {
  const code = callback === null ? null : checkEndpoint(callback, endpointRules(env, request));
  if (code) throw invalid([{ pointer: "/callback", message: `cannot be called: ${MESSAGES[code]}` }]);
}

function accepted(run: Run, caller: string, applied: Readonly<Record<string, string>>): Response {
  const headers = { location: `/autopilot/runs/${run.id}`, [RUN_HEADER]: run.id, ...applied };
  return Response.json(documentOf(run, caller), { status: 202, headers });
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
