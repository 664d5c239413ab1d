// What became of a task, in one word: the same in a problem's member `outcome`, in the record of a run, in the journal
// and its figures, and in alerts. The twin of orchestrator/dispatch/outcome.py; docs/decisions/0011-at-most-once.md has
// the table. Pure.

import { type Answer, problemOf } from "./answer.ts";
import type { Failure } from "./failure.ts";

/**
 * `done`, or `partly` (207); `rejected`: it got there and was not done; `not-sent`: certain that it did not get there;
 * `unknown`: it may have been done.
 */
const OUTCOMES = ["done", "partly", "rejected", "not-sent", "unknown"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Refusals of RFC 9110, 6585 and 8470 that come before anything is done. */
const NOTHING_DONE = new Set([401, 403, 404, 405, 413, 415, 421, 425, 429]);

export function outcomeOf(result: Answer | Failure): Outcome {
  if ("outcome" in result) return result.outcome;
  const { status } = result;
  if (status < 400) return status === 207 ? "partly" : "done";
  return saidOutcome(result) ?? (status === 408 || status >= 500 ? "unknown" : "rejected");
}

/** Whether it is certain that nothing was done, so that the same key may be used again: also for another request. */
export function isNothingDone(result: Answer | Failure): boolean {
  if ("outcome" in result) return result.outcome !== "unknown";
  const said = result.status < 400 ? undefined : saidOutcome(result);
  return said === undefined ? NOTHING_DONE.has(result.status) : said === "rejected" || said === "not-sent";
}

/** What the autopilot itself says, in a problem document's member `outcome`. */
function saidOutcome(answer: Answer): Outcome | undefined {
  const said = problemOf(answer)?.outcome;
  return OUTCOMES.find((each) => each === said);
}
