// The journal's entry for a task: what became of it, told from the answer or the refusal.

import { Problem } from "#worker-kit/problem.ts";
import type { Call } from "../http/call.ts";
import { FORWARD_FAILED, NOT_READY } from "../http/problem.ts";
import { record } from "../journal/journal.ts";
import type { Decision } from "../routing/decide.ts";

/** What is learnt of a task on its way. */
export interface Noted {
  task?: string;
  /** Only explained: nothing is done, so nothing is journalled. */
  isExplained?: boolean;
  decision?: Decision;
}

/** Does `work`, which notes what it learns, and records what came of it. */
export async function journalTask(call: Call, work: (noted: Noted) => Promise<Response>): Promise<Response> {
  const begun = Date.now();
  const noted: Noted = {};
  const note = (status: number, outcome: string) => {
    if (noted.isExplained) return;
    const { task, decision } = noted;
    const { capability, route } = decision ?? {};
    const durationMs = Date.now() - begun;
    record(call, {
      kind: "plan",
      caller: call.caller,
      task,
      capability,
      autopilot: route?.name,
      outcome,
      status,
      durationMs,
    });
  };
  try {
    const response = await work(noted);
    note(response.status, answered(response));
    return response;
  } catch (error) {
    if (error instanceof Problem) note(error.status, refused(error));
    else note(500, "fault");
    throw error;
  }
}

/** An autopilot's 4xx is told apart: what the caller sent was wrong, and the autopilot is well. */
function answered({ status, headers }: Response): string {
  if (headers.has("idempotency-replayed")) return "repeated";
  if (status < 400) return "done";
  return status < 500 ? "autopilot-refused" : "autopilot-error";
}

function refused({ title, status, members }: Problem): string {
  if (title === FORWARD_FAILED) return String(members?.outcome);
  if (members?.run) return status === 500 ? "unknown" : "repeated"; // of a task that is never done twice
  if (title === NOT_READY) return "not-ready";
  if (status === 404) return "nobody";
  if (status === 508) return "loop";
  return status < 500 ? "invalid" : "not-configured";
}
