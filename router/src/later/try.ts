// One attempt at a run that nobody waits for.

import routingTable from "routing-table";
import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import { reportResult } from "../catalog/checks.ts";
import type { Env } from "../env.ts";
import type { Answer } from "../forward/answer.ts";
import { brokenFailure, type Failure } from "../forward/failure.ts";
import { send } from "../forward/forward.ts";
import { record } from "../journal/journal.ts";
import { endingOf, GRACE_MS, recordEnding } from "../once/once.ts";
import type { Ending, Run } from "../once/runs.ts";
import { askAgain, isOfRun, isUnderWay, recordProgress, wasUnderWay } from "../once/under-way.ts";
import type { Decision } from "../routing/decide.ts";
import { ruleOf } from "../routing/table.ts";
import type { Work } from "./consume.ts";
import { sendMessage } from "./messages.ts";
import { nextOf } from "./next.ts";
import { type Claimed, claimQueued, postpone, type WaitingRun, writeAgain, writePause } from "./records.ts";
import { asyncRuleOf } from "./rule.ts";

/** `full`: as many runs of the autopilot go on as may; else in how many seconds to come again, undefined for never. */
export type Tried = "full" | { readonly again: number | undefined };

/** A queue gives a message a hundred times: so an autopilot has eight hours and more to end a run. */
const UNDER_WAY_AGAIN_S = 5 * 60;
const DONE_WITH: Tried = { again: undefined };

/** `onClaimed` is called when the run is ours, before the autopilot is asked. */
export async function tryRun(
  id: string,
  decided: Decision,
  work: Work,
  onClaimed: () => void = () => {},
): Promise<Tried> {
  const { env } = work;
  const rule = ruleOf(routingTable, decided.task);
  const deadline = Date.now() + rule.timeoutMs;
  const claim = crypto.randomUUID();
  const claimed = await claimQueued(env, id, {
    autopilot: decided.route.name,
    capability: decided.capability,
    claim,
    expiresAt: deadline + GRACE_MS,
    mayRepeat: rule.idempotent && !rule.once,
    most: asyncRuleOf(rule).maxConcurrency,
  });
  const { run, attempt } = claimed;
  if (run === undefined) return DONE_WITH;
  if (attempt === undefined) return unclaimed(claimed, work);
  onClaimed();
  return { again: await attemptRun({ ...run, attempts: attempt }, claim, decided, deadline, work) };
}

/** Why it is not ours, and when to look again. */
async function unclaimed({ run, pausedUntil }: Claimed, work: Work): Promise<Tried> {
  const { env } = work;
  const { id, status, dueAt, expiresAt, autopilot } = run!;
  const now = Date.now();
  if (wasUnderWay(run!)) return { again: await askHowFar(run!, work) };
  // Another delivery has it; should that have died, it is looked after when its lease is over.
  if (status === "running") return { again: (expiresAt - now) / 1000 + 1 };
  if (status !== "queued") return DONE_WITH;
  if (dueAt !== null && dueAt > now) return { again: (dueAt - now) / 1000 };
  if (pausedUntil <= now) return "full";
  await postpone(env, id, pausedUntil, `${autopilot} has asked to be left alone until then (429 with Retry-After).`);
  return { again: (pausedUntil - now) / 1000 };
}

async function attemptRun(
  run: WaitingRun,
  claim: string,
  decided: Decision,
  deadline: number,
  work: Work,
): Promise<number | undefined> {
  const { env } = work;
  const { id, key, caller, requestId, attempts } = run;
  const begun = Date.now();
  const request = requestOf(run);
  const handle = { id, key, caller, attempt: attempts };
  let result: Answer | Failure;
  try {
    result = await send({ decision: decided, meta: run.meta!, request, requestId, caller, run: handle }, env, deadline);
  } catch (error) {
    if (!(error instanceof Problem)) log("a task was not completed", requestId, error);
    result = error instanceof Problem ? notSent(error) : brokenFailure();
  }
  if (isUnderWay(result, id)) {
    await recordProgress(env, id, result, { claim });
    return UNDER_WAY_AGAIN_S;
  }
  const rule = ruleOf(routingTable, decided.task);
  const now = Date.now();
  const next = nextOf(result, endingOf(decided, result), rule, asyncRuleOf(rule), run, now, Math.random());
  if ("ends" in next) {
    await recordEnding({ env, requestId }, { id, claim, autopilot: decided.route.name }, next.ends);
    journal(run, decided, next.ends, result, now - begun, work);
    await afterEnd(env, run, next.ends, requestId);
    return undefined;
  }
  await writeAgain(env, { id, claim }, { ...next, outcome: next.ending.outcome });
  if (next.isPause) await writePause(env, decided.route.name, next.at);
  return (next.at - Date.now()) / 1000;
}

/** Of a run that its autopilot has taken and not ended (once/under-way.ts): it is asked again how far it is. */
async function askHowFar(run: WaitingRun, work: Work): Promise<number | undefined> {
  const { id, requestId } = run;
  const begun = Date.now();
  const asked = { ...work, requestId, request: requestOf(run) };
  const { decided, answer } = await askAgain(asked, run, run.meta ?? "{}");
  if (!isOfRun(answer, id)) return UNDER_WAY_AGAIN_S;
  const ending = isUnderWay(answer, id) ? null : endingOf(decided, answer);
  await recordProgress(work.env, id, answer, { ending });
  if (ending === null) return UNDER_WAY_AGAIN_S;
  journal(run, decided, ending, answer, Date.now() - begun, work);
  await afterEnd(work.env, run, ending, requestId);
  return undefined;
}

/** With what passes on to the autopilot of the request that nobody waits for. */
function requestOf({ key, trace }: WaitingRun): Request {
  const headers = { "idempotency-key": key, ...(trace === null ? {} : { traceparent: trace }) };
  return new Request("https://queue.internal/", { headers });
}

/** The router itself is not able to send, which may be put right. */
function notSent({ detail }: Problem): Failure {
  return { outcome: "not-sent", why: `was not asked: ${detail}`, hint: "" };
}

/** Whoever wants to know is told: the caller by its callback, people by the dead letters. */
async function afterEnd(env: Env, run: WaitingRun, ending: Ending, requestId: string): Promise<void> {
  if (run.callback !== null) await sendMessage(env, { callback: run.id }, 0, requestId);
  if (ending.status === "dead") await tellOfDead(env, { ...run, ...ending, why: ending.why ?? null }, requestId);
}

export async function tellOfDead(env: Env, run: Run, requestId: string): Promise<void> {
  const { id, task, caller, autopilot, outcome, attempts, why } = run;
  try {
    await env.DEAD_LETTER_QUEUE?.send(
      { run: id, task, caller, autopilot, outcome, attempts, why },
      { contentType: "json" },
    );
  } catch (error) {
    log("a dead letter was not sent; the run is recorded as dead", requestId, error);
  }
}

function journal(
  { caller, requestId, id }: WaitingRun,
  { task, capability, route, rule }: Decision,
  { status, outcome }: Ending,
  result: Answer | Failure,
  durationMs: number,
  { env, later }: Work,
): void {
  record(
    { env, later, requestId },
    {
      kind: "plan",
      ...{ caller, task, capability, autopilot: route.name, outcome, durationMs },
      status: "outcome" in result ? undefined : result.status,
      detail: [
        status === "dead" ? `later, given up: ${id}` : `later: ${id}`,
        reportResult(capability, result, requestId),
      ]
        .filter(Boolean)
        .join("; "),
      isGuarded: rule.once,
    },
  );
}
