// A run as its endpoints show it. What the autopilot answered may hold what is only the caller's, so nobody else sees it,
// but who may approve what waits: they have to know what that is.

import { textOf } from "../forward/answer.ts";
import type { KeptRun, Run } from "./runs.ts";
import { wasUnderWay } from "./under-way.ts";

/** Without what was answered. */
export function documentOf(run: Run, caller: string) {
  const { id, status, outcome, task, capability, autopilot, key, requestId, attempts, why } = run;
  const answer = { status: run.answerStatus, type: run.answerType, bytes: run.answerBytes };
  const isTold = run.callback !== null && run.caller === caller;
  return {
    ...{
      id,
      status,
      outcome,
      task,
      capability,
      autopilot,
      caller: run.caller,
      idempotencyKey: key,
      requestId,
      attempts,
    },
    createdAt: iso(run.createdAt),
    startedAt: attempts === 0 ? null : iso(run.startedAt),
    expiresAt: attempts === 0 ? null : iso(run.expiresAt),
    finishedAt: run.finishedAt === null ? null : iso(run.finishedAt),
    ...(run.later ? waiting(run) : {}),
    ...(run.schedule === null ? {} : { schedule: run.schedule }),
    ...(isTold ? { callback: { url: run.callback, status: run.callbackStatus } } : {}),
    why,
    answer: answer.status === null ? null : answer,
    resolutions: JSON.parse(run.resolutions) as unknown,
  };
}

function waiting({ status, dueAt, allowed, attempts }: Run) {
  const nextTryAt = status === "queued" && dueAt !== null ? iso(dueAt) : null;
  return { nextTryAt, attemptsLeft: Math.max(0, allowed - attempts) };
}

/**
 * The same as JSON. With the `result`, whose numbers are as they were answered, for the caller of a run that nobody waited
 * for, and for another who `mayApprove` one that its autopilot has not ended.
 */
export function documentText(run: KeptRun, caller: string, mayApprove = false): string {
  const text = JSON.stringify(documentOf(run, caller));
  const isShown = run.caller === caller ? run.later : mayApprove && wasUnderWay(run);
  if (!isShown || run.answer === null || run.answerStatus === null) return text;
  return `${text.slice(0, -1)},"result":${resultText(run)}}`;
}

function resultText({ answer, answerStatus: status, answerType: type, answerEncoding }: KeptRun): string {
  const beside = JSON.stringify({ status, type, ...(answerEncoding ? { encoding: answerEncoding } : {}) }).slice(0, -1);
  const body = typeof answer === "string" ? answer : textOf(new Uint8Array(answer!));
  if (body === undefined) {
    const bytes = new Uint8Array(answer as readonly number[]);
    return `${beside},"base64":${JSON.stringify(btoa(String.fromCharCode(...bytes)))}}`;
  }
  return `${beside},"body":${isJson(type, body) ? body : JSON.stringify(body)}}`;
}

function isJson(type: string | null, body: string): boolean {
  if (!/^application\/(.+\+)?json\b/i.test(type ?? "")) return false;
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
