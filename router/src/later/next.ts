// What comes after an attempt: the end, or another attempt, and when. Pure: time and random number are passed in.
//
// Tried again is only what cannot be done twice by that: nothing was done for certain, or the task is `idempotent` and
// not `once`. An autopilot that says when it is to be asked again (429 with Retry-After) is left alone until then, by all
// tasks, and that costs none of the tries; nor does it where the orchestrator itself was too slow to ask it.

import type { Answer } from "../forward/answer.ts";
import type { Failure } from "../forward/failure.ts";
import { retryAfterMs } from "../forward/retry.ts";
import type { Ending } from "../once/runs.ts";
import type { AsyncRule, TaskRule } from "../routing/table.ts";

const LONGEST_PAUSE_MS = 60 * 60 * 1000;
/** A pause that an autopilot asks for may be longer, up to a day. */
const LONGEST_ASKED_MS = 24 * 60 * 60 * 1000;
/** After so long without a try that counts, a run is given up. */
export const LONGEST_WAIT_MS = 7 * LONGEST_ASKED_MS;
/** Refusals that would be the same again: of the request, not of the moment. */
const LASTING = new Set([405, 413, 415]);

export interface Tried {
  readonly attempts: number;
  readonly allowed: number;
  readonly createdAt: number;
}

export type Next =
  | { readonly ends: Ending }
  | {
      readonly at: number;
      readonly why: string;
      readonly ending: Ending;
      /** The autopilot is not asked before `at`. */
      readonly isPause: boolean;
      /** The attempt is not counted: the autopilot was not asked, or has asked for a pause. */
      readonly isFree: boolean;
    };

export function nextOf(
  result: Answer | Failure,
  ending: Ending,
  rule: TaskRule,
  { backoffMs }: AsyncRule,
  { attempts, allowed, createdAt }: Tried,
  now: number,
  random: number,
): Next {
  if (ending.status === "done" || !mayRepeat(result, ending, rule)) return { ends: kept(result, ending) };
  const askedMs = Math.min(askedOf(result, now), LONGEST_ASKED_MS);
  const isPause = askedMs > 0 && "status" in result && result.status === 429;
  const why = ending.why ?? "";
  const isFree = (isPause || ("outcome" in result && result.isOurs === true)) && now - createdAt < LONGEST_WAIT_MS;
  if (isPause && isFree) return { at: now + askedMs, why, ending, isPause, isFree };
  if (attempts >= allowed && !isFree) return { ends: { ...kept(result, ending), status: "dead" } };
  const pauseMs = Math.max(backoffOf(backoffMs, attempts, random), askedMs);
  return { at: now + pauseMs, why, ending, isPause: false, isFree };
}

/** Doubled for each attempt, up to an hour; between half and all of it, so that those that failed together do not meet. */
export function backoffOf(backoffMs: number, attempts: number, random: number): number {
  const pause = Math.min(backoffMs * 2 ** Math.min(attempts - 1, 20), LONGEST_PAUSE_MS);
  return Math.round(pause * (0.5 + random / 2));
}

function mayRepeat(result: Answer | Failure, { status }: Ending, rule: TaskRule): boolean {
  if (status === "unknown") return rule.idempotent && !rule.once;
  return "outcome" in result || !LASTING.has(result.status);
}

/** With the answer, where there is one: nobody was there to hear it. */
function kept(result: Answer | Failure, ending: Ending): Ending {
  return "outcome" in result ? ending : { ...ending, answer: result };
}

/** How long it is to be waited, by what was answered, in milliseconds. */
function askedOf(result: Answer | Failure, now: number): number {
  if (!("outcome" in result)) return retryAfterMs(result.retryAfter, now);
  return (result.retryAfter ?? 0) * 1000;
}
