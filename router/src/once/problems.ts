// What a caller of a task that must not be done twice is told, other than the autopilot's answer.

import { Problem } from "#worker-kit/problem.ts";
import type { Run } from "./runs.ts";

const RUNS_PATH = "/autopilot/runs";
const RUNNING_RETRY_AFTER = "2"; // seconds

/** The answer has this header, and a problem the member `run`. */
export const RUN_HEADER = "x-run-id";

/** What a person does about a run of which it is not known how it ended. */
export function howToResolve(id: string): string {
  return (
    "Find out whether it was done, under the run's id in the autopilot's records, then say so: " +
    `POST ${RUNS_PATH}/${id}/resolve {"resolution": "done"} or {"resolution": "not-done"}, which frees the key ` +
    `(python -m orchestrator runs resolve ${id} --done or --not-done).`
  );
}

/** What a person does about a run that was given up. */
function howToRetry(id: string): string {
  return `POST ${RUNS_PATH}/${id}/retry (python -m orchestrator runs retry ${id}) has it tried again.`;
}

export function keyProblem(task: string, key: string | null): Problem {
  return new Problem({
    status: 400,
    title: `Idempotency-Key ${key === null ? "required" : "malformed"}`,
    detail:
      key === null
        ? `${task} must never be done twice, so it needs the header Idempotency-Key.`
        : "An Idempotency-Key is 1 to 255 visible ASCII characters, without spaces, in quotation marks or without.",
    members: { hint: "Send a new key, such as a UUID, with each new task, and the same one with each repeat of it." },
  });
}

/** The same key, another task or meta. */
export function reusedProblem({ id }: Run): Problem {
  return new Problem({
    status: 422,
    title: "Idempotency-Key reused",
    detail: "This Idempotency-Key came with another task or meta before.",
    members: { run: id, hint: "Repeat that request as it was, or take a new key." },
  });
}

export function runningProblem({ id, task }: Run): Problem {
  return new Problem({
    status: 409,
    title: "Already running",
    detail: `${task} runs under this Idempotency-Key; it was not sent again.`,
    members: { run: id, hint: "Repeat the request later: it is answered with what comes of it." },
    headers: { "Retry-After": RUNNING_RETRY_AFTER },
  });
}

export function unknownProblem({ id, task, autopilot, why }: Run): Problem {
  return new Problem({
    status: 409,
    title: "Outcome unknown",
    detail: `${task} may have been done under this Idempotency-Key, so it was not sent again: ${why ?? ABANDONED}`,
    members: { run: id, autopilot, outcome: "unknown", retrySafe: false, hint: howToResolve(id) },
  });
}

/** It is not tried again by itself. */
export function deadProblem({ id, task, autopilot, why, attempts }: Run): Problem {
  return new Problem({
    status: 409,
    title: "Given up",
    detail: `${task} was tried ${attempts} times under this Idempotency-Key and given up: ${why ?? ""}`,
    members: { run: id, autopilot, outcome: "not-sent", retrySafe: true, hint: howToRetry(id) },
  });
}

/** It was done, and there is nothing to replay. */
export function answerlessProblem({ id, task, answerStatus, answerBytes }: Run): Problem {
  const why =
    answerStatus === null
      ? "a person found that out, so its answer is not known"
      : `its answer (status ${answerStatus}, ${answerBytes} bytes) was too long to be kept`;
  return new Problem({
    status: 410,
    title: "Answer not kept",
    detail: `${task} was done under this Idempotency-Key, and was not sent again; ${why}.`,
    members: { run: id, outcome: "done", retrySafe: false, hint: `GET ${RUNS_PATH}/${id} has what is known of it.` },
  });
}

/** No claim could be written, so nothing was sent. */
export function unclaimedProblem(task: string): Problem {
  return new Problem({
    status: 503,
    title: "Claim not recorded",
    detail: `${task} was not sent: the record that keeps it from being done twice could not be written.`,
    members: { outcome: "not-sent", retrySafe: true, hint: "Repeat the request with the same Idempotency-Key." },
    headers: { "Retry-After": "10" },
  });
}

/** It ended, and the record does not say so: `ended` is how, as a sentence. */
export function unrecordedProblem(id: string, autopilot: string, ended: string): Problem {
  return new Problem({
    status: 500,
    title: "Answer not recorded",
    detail: `${ended} That could not be recorded, so a repeat of this request will be told that it is not known.`,
    members: { run: id, autopilot, outcome: "unknown", retrySafe: false, hint: howToResolve(id) },
  });
}

const ABANDONED = "the orchestrator was stopped before it could record what came of it.";
