// A run that its autopilot has taken and not ended: it answered 202, with the run's id as the member `run` of its JSON. It
// keeps a ledger of its own and knows a repeat, so it may be asked again how far it is; nobody else is asked twice.
//
// Such a run stays `running`, with what was answered last, until the autopilot answers anything else.

import { Problem } from "#worker-kit/problem.ts";
import { isObject } from "#worker-kit/validation.ts";
import { database } from "../database.ts";
import type { Env } from "../env.ts";
import { type Answer, textOf } from "../forward/answer.ts";
import { type Failure, forwardProblem } from "../forward/failure.ts";
import { type Approval, send } from "../forward/forward.ts";
import type { Call } from "../http/call.ts";
import type { Decision } from "../routing/decide.ts";
import { decideNow } from "../routing/decide-now.ts";
import type { Ending, Run } from "./runs.ts";

const ACCEPTED = 202;
/** After this a run that is still under way is one of which nobody knows how it ended. */
const MOST_MS = 30 * 24 * 60 * 60 * 1000;

/** Whether the answer says what became of this run: its JSON has the run's id. */
export function isOfRun(answer: Answer, run: string): boolean {
  return saidBy(answer).run === run;
}

/** The members of an answer's JSON; none where it is something else. */
function saidBy({ type, body }: Answer): Readonly<Record<string, unknown>> {
  if (!/^application\/(problem\+)?json\b/.test(type ?? "")) return {};
  try {
    const said: unknown = JSON.parse(textOf(body) ?? "null");
    return isObject(said) ? said : {};
  } catch {
    return {};
  }
}

/** Whether the autopilot says that this run goes on with it. */
export function isUnderWay(result: Answer | Failure, run: string): result is Answer {
  return !("outcome" in result) && result.status === ACCEPTED && isOfRun(result, run);
}

/** Whether what is kept of a run is such an answer. */
export function wasUnderWay(run: Pick<Run, "status" | "answerStatus">): boolean {
  return run.status === "running" && run.answerStatus === ACCEPTED;
}

// `finished_at` tells nothing of one that goes on. Two that ask at once may write in any order: what is final stays.
const PROGRESS = `
  UPDATE runs SET status = ?3, meta = iif(?3 = 'done', NULL, meta),
    callback_status = iif(?3 = 'running' OR callback IS NULL, callback_status, 'waiting'), finished_at = iif(?3 = 'running', NULL, ?2), expires_at = ?4, why = ?5, outcome = ?6,
    answer_status = ?7, answer_type = ?8, answer_bytes = ?9, answer = ?10, answer_encoding = NULL, answer_retry_after = ?11
  WHERE id = ?1 AND status = 'running' AND (claim = ?12 OR answer_status = ${ACCEPTED})`;

/** Records what the autopilot said; `claim`: whose claim it is, where it is the first answer. `ending`: where it ended. */
export async function recordProgress(
  env: Env,
  id: string,
  answer: Answer,
  { claim = "", ending = null }: { claim?: string; ending?: Ending | null },
): Promise<void> {
  const now = Date.now();
  const kept = ending && ending.answer === undefined ? null : answer;
  const body = kept && (textOf(kept.body) ?? kept.body);
  const { status } = saidBy(answer);
  const why = ending ? ending.why : typeof status === "string" ? `It is ${status.slice(0, 200)}.` : null;
  await (await database(env))
    .prepare(PROGRESS)
    .bind(
      ...[id, now, ending?.status ?? "running", now + MOST_MS, why ?? null, ending?.outcome ?? null],
      ...[kept?.status ?? null, kept?.type ?? null, kept?.body.byteLength ?? null, body, kept?.retryAfter ?? null],
      claim,
    )
    .run();
}

/**
 * Asks the autopilot of a run that is under way how far it is, or brings it somebody's word. That it could not be asked
 * changes nothing. Throws a problem.
 */
export async function askAgain(
  call: Pick<Call, "env" | "later" | "request" | "requestId">,
  run: Run,
  meta: string,
  approval?: Approval,
): Promise<{ decided: Decision; answer: Answer }> {
  const { env, request, requestId } = call;
  const decided = await decideNow(call, run.task, run.autopilot);
  if ("problem" in decided) throw decided.problem;
  if (decided.route.name !== run.autopilot) throw movedProblem(run);
  const { id, key, caller, attempts: attempt } = run;
  const deadline = Date.now() + decided.rule.timeoutMs;
  const asked = {
    meta,
    request,
    requestId,
    caller,
    run: { id, key, caller, attempt },
    ...(approval ? { approval } : {}),
  };
  const answer = await send({ decision: decided, ...asked }, env, deadline);
  if ("outcome" in answer) throw forwardProblem(decided, answer).with({ run: id });
  return { decided, answer };
}

function movedProblem({ id, autopilot, task }: Run): Problem {
  return new Problem({
    status: 503,
    title: "Autopilot not available",
    detail: `${autopilot} has the run ${id}, and cannot do ${task} any more.`,
    members: { run: id, hint: "Declare that it can, then repeat this." },
  });
}
