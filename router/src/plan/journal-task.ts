// The journal's entry for a task: what became of it, in the words of forward/outcome.ts where it was to be forwarded.

import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import type { Failure } from "../forward/failure.ts";
import type { Outcome } from "../forward/outcome.ts";
import type { PassedOn } from "../forward/passed-on.ts";
import type { Call } from "../http/call.ts";
import { FAULT, NOT_READY } from "../http/problem.ts";
import { record } from "../journal/journal.ts";
import type { EntryOutcome } from "../journal/words.ts";
import type { Decision } from "../routing/decide.ts";

/** What is learnt of a task on its way. */
export interface Noted {
  task?: string;
  /** Only explained: nothing is done, so nothing is journalled. */
  isExplained?: boolean;
  /** What the task needs, also where nobody gets it. */
  capability?: string;
  /** Absent where nobody got it, and from a repeat that ended nothing. */
  decision?: Decision;
  outcome?: Outcome | "repeated" | "queued";
  /** Beside the outcome. */
  detail?: string | undefined;
  /** The answer that is passed on as it comes. */
  passedOn?: PassedOn | undefined;
}

/** Of these a person must hear, whether the caller did or not. */
const PRESSING: ReadonlySet<string> = new Set(["unknown", "partly"]);

/**
 * Does `work`, which notes what it learns, and records what came of it. It continues, and is recorded, when the caller is
 * gone. Throws a problem.
 */
export function journalTask(call: Call, work: (noted: Noted) => Promise<Response>): Promise<Response> {
  const answered = recordTask(call, work);
  const nothing = () => undefined; // the caller, if still there, is told of errors
  call.later(answered.then(nothing, nothing));
  return answered;
}

async function recordTask(call: Call, work: (noted: Noted) => Promise<Response>): Promise<Response> {
  const begun = Date.now();
  const noted: Noted = {};
  const note = (status: number, outcome: EntryOutcome, why?: string) => {
    if (noted.isExplained) return;
    const { task, capability, decision } = noted;
    const isGone = call.request.signal.aborted;
    const isHidden = isGone && !PRESSING.has(outcome);
    record(call, {
      kind: "plan",
      caller: call.caller,
      task,
      capability,
      autopilot: decision?.route.name,
      outcome: isHidden ? CALLER_GONE : outcome,
      status,
      durationMs: Date.now() - begun,
      detail: isGone ? (isHidden ? outcome : CALLER_GONE) : why,
      isGuarded: decision?.rule.once,
    });
  };
  try {
    const response = await work(noted);
    const noteEnd = (failure?: Failure) => {
      if (failure) note(response.status, failure.outcome, BROKEN_OFF);
      else note(response.status, noted.outcome ?? "done", noted.detail);
    };
    if (noted.passedOn) call.later(noted.passedOn.ended.then(noteEnd));
    else noteEnd();
    return response;
  } catch (error) {
    if (error instanceof Problem) {
      note(error.status, noted.outcome ?? refused(error));
      throw error;
    }
    log("unexpected error", call.requestId, error);
    const outcome = noted.decision ? "unknown" : "fault";
    note(FAULT.status, outcome);
    throw noted.decision ? new Problem(FAULT).with({ outcome, retrySafe: false }) : new Problem(FAULT);
  }
}

const CALLER_GONE = "caller-gone";
/** After its status was told. */
const BROKEN_OFF = "broken-off";

function refused({ title, status, members }: Problem): EntryOutcome {
  if (members.outcome !== undefined) return members.outcome as Outcome;
  if (title === NOT_READY) return "not-ready";
  if (status === 404) return "nobody";
  if (status === 508) return "loop";
  return status < 500 ? "invalid" : "not-configured";
}
