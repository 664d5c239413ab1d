// A task with `once: true`: for one caller and Idempotency-Key, at most one call reaches the autopilot.
//
// The claim is a row in D1 that exists before anything is sent; only its writer sends. What came of it is recorded
// before the caller is told, so a repeat is told the same. Where that is not known (a time-out, a broken connection, an
// answer of 5xx, an isolate that was stopped) the run stays `unknown` until a person resolves it.
// docs/decisions/0011-at-most-once.md has the reasons.

import { sha256 } from "#worker-kit/hash.ts";
import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import { idOf, RUN_PREFIX } from "#worker-kit/run-id.ts";
import { reportResult } from "../catalog/checks.ts";
import { type Answer, answerResponse, problemOf } from "../forward/answer.ts";
import { brokenFailure, type Failure, forwardProblem } from "../forward/failure.ts";
import { type Approval, answerOf, send } from "../forward/forward.ts";
import { isNothingDone, type Outcome, outcomeOf } from "../forward/outcome.ts";
import type { Call } from "../http/call.ts";
import { idempotencyKeyOf } from "../http/idempotency-key.ts";
import { canonicalText } from "../http/json-text.ts";
import type { Noted } from "../plan/journal-task.ts";
import type { Decision, Refusal } from "../routing/decide.ts";
import {
  answerlessProblem,
  deadProblem,
  howToResolve,
  keyProblem,
  RUN_HEADER,
  reusedProblem,
  runningProblem,
  unclaimedProblem,
  unknownProblem,
  unrecordedProblem,
} from "./problems.ts";
import { type Claim, type Ending, findKeptRun, type KeptRun, type Run, writeClaim, writeEnding } from "./runs.ts";
import { askAgain, isOfRun, isUnderWay, recordProgress, wasUnderWay } from "./under-way.ts";

/** How long after the task's deadline a run is taken to be abandoned: time to record how it ended. */
export const GRACE_MS = 30_000;
/** Hex digits: 128 bits. */
const FINGERPRINT_DIGITS = 32;
const RECORD_PAUSES_MS = [100, 1_000];

/** What was asked for. */
export interface Asked {
  readonly task: string;
  /** Its text as it was sent. */
  readonly meta: string;
}

/** The autopilot's answer, of this call or of the first with the same key; throws a problem. Notes what became of it. */
export async function runOnce(call: Call, asked: Asked, decided: Decision | Refusal, noted: Noted): Promise<Response> {
  const { task, meta } = asked;
  const { env, request, requestId, caller } = call;
  const key = idempotencyKeyOf(request);
  if (!isKey(key)) throw keyProblem(task, key);
  const id = await runIdOf(caller, key);
  const fingerprint = await fingerprintOf(asked);
  if ("problem" in decided) {
    // What was done stays done, though nobody could do it now.
    const before = await findKeptRun(env, id);
    if (!before || before.status === "not-done") throw decided.problem;
    noted.outcome = "repeated";
    return replay(before, fingerprint);
  }
  const { capability, route, rule } = decided;
  const startedAt = Date.now();
  const deadline = startedAt + rule.timeoutMs;
  const claim: Claim = {
    ...{ id, caller, key, fingerprint, task, capability, autopilot: route.name, requestId },
    ...{ claim: crypto.randomUUID(), startedAt, expiresAt: deadline + GRACE_MS },
  };
  const { run, attempt } = await claimRun(call, claim);
  if (attempt === undefined) {
    noted.outcome = "repeated";
    if (run.fingerprint !== fingerprint || !wasUnderWay(run)) return replay(run, fingerprint);
    const { response, ended } = await continueRun(call, run, meta);
    Object.assign(noted, ended);
    return response;
  }
  noted.decision = decided;
  const handle = { id, key, caller, attempt };
  let outcome: Answer | Failure;
  try {
    outcome = await send({ decision: decided, meta, request, requestId, caller, run: handle }, env, deadline);
  } catch (error) {
    if (error instanceof Problem) {
      await recordEnding(call, claim, { status: "not-done", outcome: "not-sent", why: error.detail });
      throw error;
    }
    log("a task was not completed", requestId, error);
    outcome = brokenFailure();
  }
  if (isUnderWay(outcome, id)) {
    await recordProgress(env, id, outcome, { claim: claim.claim });
    noted.outcome = "partly";
    return answerOf(decided, outcome, { [RUN_HEADER]: id });
  }
  const ending = endingOf(decided, outcome);
  await recordEnding(call, claim, ending);
  noted.outcome = ending.outcome;
  noted.detail = reportResult(capability, outcome, requestId);
  if (!("outcome" in outcome)) {
    const told = ending.status === "unknown" ? withWayOut(outcome, id) : outcome;
    return answerOf(decided, told, { [RUN_HEADER]: id });
  }
  const problem = forwardProblem(decided, outcome);
  const hint = outcome.outcome === "unknown" ? howToResolve(id) : outcome.hint;
  throw problem.with({ run: id, hint });
}

/** Visible ASCII, and no quotation mark in front: that would be a string whose end is missing. */
export function isKey(key: string | null): key is string {
  return /^(?!")[\x21-\x7e]{1,255}$/.test(key ?? "");
}

/** The run of a caller's key. */
export function runIdOf(caller: string, key: string): Promise<string> {
  return idOf(RUN_PREFIX, caller, key);
}

/** Equal for equal requests. */
export function fingerprintOf({ task, meta }: Asked): Promise<string> {
  return sha256(canonicalText(`[${JSON.stringify(task)},${meta}]`), FINGERPRINT_DIGITS);
}

/** Claims the run. A claim of which it is not known whether it was written is given up, as far as that can be done. */
async function claimRun(call: Call, claim: Claim): Promise<Awaited<ReturnType<typeof writeClaim>>> {
  try {
    return await writeClaim(call.env, claim);
  } catch (error) {
    if (error instanceof Problem) throw error;
    log("a claim was not recorded", call.requestId, error);
    const ending = { status: "not-done", outcome: "not-sent", why: "Nothing was sent." } as const;
    call.later(recordEnding(call, claim, ending).catch(() => undefined));
    throw unclaimedProblem(claim.task);
  }
}

/** Throws a problem where the end cannot be recorded: nobody is told a success that a repeat would not see. */
export async function recordEnding(
  call: Pick<Call, "env" | "requestId">,
  claim: Pick<Claim, "id" | "claim" | "autopilot">,
  ending: Ending,
): Promise<void> {
  const now = Date.now();
  for (const pause of [...RECORD_PAUSES_MS, 0]) {
    try {
      if (await writeEnding(call.env, claim, ending, now)) return;
      break; // a person was faster
    } catch (error) {
      log("the end of a run was not recorded", call.requestId, error);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  const ended = ending.why ?? `${claim.autopilot} answered ${ending.answer!.status}.`;
  throw unrecordedProblem(claim.id, claim.autopilot, ended);
}

/**
 * How it ended, by what is certain: see forward/outcome.ts. An answer that does not free the key is kept, and told to
 * each repeat.
 */
export function endingOf({ route }: Decision, result: Answer | Failure): Ending {
  const outcome = outcomeOf(result);
  const why = `${route.name} ${"outcome" in result ? result.why : `answered ${result.status}`}.`;
  if (outcome === "unknown") return { status: "unknown", outcome, why };
  if (isNothingDone(result)) return { status: "not-done", outcome, why };
  return { status: "done", outcome, answer: result as Answer };
}

/**
 * How far a run is that its autopilot has taken; `approval`: somebody's word, which it is brought. An answer that does not
 * say so of this run changes nothing. `ended`: how, and with whom, where it has ended now. Throws a problem.
 */
export async function continueRun(
  call: Call,
  run: Run,
  meta: string,
  approval?: Approval,
): Promise<{ response: Response; isRecorded: boolean; ended?: { outcome: Outcome; decision: Decision } }> {
  const { id } = run;
  const { decided, answer } = await askAgain(call, run, meta, approval);
  const isRecorded = isOfRun(answer, id);
  const ending = isUnderWay(answer, id) ? null : endingOf(decided, answer);
  if (isRecorded) await recordProgress(call.env, id, answer, { ending });
  const told = isRecorded && ending?.status === "unknown" ? withWayOut(answer, id) : answer;
  const ended = isRecorded && ending ? { outcome: ending.outcome, decision: decided } : undefined;
  return { response: answerOf(decided, told, { [RUN_HEADER]: id }), isRecorded, ...(ended && { ended }) };
}

/** A problem document of the autopilot, for a run of which nobody knows how it ended, says what a person does then. */
function withWayOut(answer: Answer, id: string): Answer {
  const document = problemOf(answer);
  if (!document) return answer;
  const told = { ...document, run: id, outcome: "unknown", retrySafe: false, hint: howToResolve(id) };
  return { ...answer, body: new TextEncoder().encode(JSON.stringify(told)) };
}

/** What a repeat is told. */
export function replay(run: KeptRun, fingerprint: string): Response {
  if (run.fingerprint !== fingerprint) throw reusedProblem(run);
  if (run.status === "running" || run.status === "queued") throw runningProblem(run);
  if (run.status === "dead") throw deadProblem(run);
  if (run.status === "unknown") throw unknownProblem(run);
  const {
    answer,
    answerStatus: status,
    answerType: type,
    answerEncoding: encoding,
    answerRetryAfter: retryAfter,
  } = run;
  if (answer === null || status === null) throw answerlessProblem(run);
  const body = typeof answer === "string" ? answer : new Uint8Array(answer);
  const headers = { "x-autopilot": run.autopilot, [RUN_HEADER]: run.id, "idempotency-replayed": "true" };
  return answerResponse({ status, type, encoding, retryAfter, body }, headers);
}
