// A task on its way to its autopilot: one signed POST over a service binding or HTTPS, and the answer back;
// a second try where that is safe (retry.ts), and none while the autopilot's circuit is open (circuit.ts).
//
// The answer is read whole, up to a limit, before any of it is passed on: only then is its status true. Where the task
// says `stream`, or the answer is one of server-sent events, it is passed on as it comes (passed-on.ts).

import { log } from "#worker-kit/log.ts";
import { RUN_PREFIX } from "#worker-kit/run-id.ts";
import { readCapped } from "#worker-kit/stream.ts";
import { type Env, serviceBinding } from "../env.ts";
import { idempotencyKeyOf } from "../http/idempotency-key.ts";
import type { Decision } from "../routing/decide.ts";
import { checkEndpoint, MESSAGES } from "../routing/urls.ts";
import { type Answer, answerResponse, encodingOf } from "./answer.ts";
import { circuitOf } from "./circuits.ts";
import { endpointRules } from "./endpoint-rules.ts";
import {
  brokenFailure,
  edgeFailure,
  endpointFailure,
  type Failure,
  forwardProblem,
  lateFailure,
  oddStatusFailure,
  oversizeFailure,
  pausedFailure,
  redirectFailure,
  timeoutFailure,
  unboundFailure,
} from "./failure.ts";
import { farewellOf, isEventStream, passOn } from "./passed-on.ts";
import { MAX_TRIES, retryDelayMs } from "./retry.ts";
import { signed } from "./signed.ts";
import { traceparent } from "./trace.ts";

const MAX_ANSWER_BYTES = 10 * 1024 * 1024;
export const HOP_HEADER = "x-autopilot-hop";

/** The caller's headers that pass; never Authorization or Cookie, which are meant for the router. */
const PASSED = ["accept", "accept-language", "user-agent"];

export interface Forwarded {
  readonly decision: Decision;
  /** Its text as it was sent. */
  readonly meta: string;
  /** The caller's request, for its headers. */
  readonly request: Request;
  readonly requestId: string;
  /** Whose task it is: the name of the token that was presented. */
  readonly caller: string;
  /** Whether the caller takes an answer as it comes: not of a task that must not be done twice, since its end is recorded
   * before it is told. */
  readonly mayPassOn?: boolean;
  /** Of a task that must not be done twice. */
  readonly run?: RunHandle;
  /** Somebody's word on what the run waits for, in place of the task. */
  readonly approval?: Approval;
}

export interface Approval {
  readonly approved: boolean;
  readonly by: string;
  readonly note: string | null;
}

/**
 * What a run is known by to its autopilot. It goes along in the signed body, since the signature covers no header but
 * `webhook-id`; that is made of `id`, so it is the same in each attempt.
 */
interface RunHandle {
  readonly id: string;
  readonly key: string;
  readonly caller: string;
  /** 1, and one more each time that nothing came of the one before, for certain or by what a person says. */
  readonly attempt: number;
}

type Send = (init: RequestInit) => Promise<Response>;

/** The autopilot's answer. Throws a problem: 502, 504, or 503 without a webhook secret. */
export async function forward(forwarded: Forwarded, env: Env): Promise<Answer> {
  const { decision } = forwarded;
  const outcome = await send(forwarded, env, Date.now() + decision.rule.timeoutMs);
  if ("outcome" in outcome) throw forwardProblem(decision, outcome);
  return outcome;
}

/** The autopilot's answer as the caller gets it. */
export function answerOf({ route }: Decision, answer: Answer, more: Readonly<Record<string, string>> = {}): Response {
  return answerResponse(answer, { "x-autopilot": route.name, ...more });
}

/** What came of it, by `deadline` for all tries. Throws a problem (503) without a webhook secret: nothing was sent. */
export async function send(forwarded: Forwarded, env: Env, deadline: number): Promise<Answer | Failure> {
  const { rule } = forwarded.decision;
  const way = sender(forwarded, env);
  if (typeof way !== "function") return way;
  const { headers, body } = await signMessage(forwarded, env);
  const left = deadline - Date.now();
  if (left <= 0) return lateFailure();
  const init = { headers, body, method: "POST", redirect: "manual", signal: AbortSignal.timeout(left) } as const;
  let outcome = await tryGuarded(way, init, forwarded);
  for (let tries = 1; tries < MAX_TRIES; tries++) {
    const delay = retryDelayMs(outcome, rule, Math.random(), Date.now());
    if (delay === null || Date.now() + delay >= deadline) break;
    await new Promise((resolve) => setTimeout(resolve, delay));
    outcome = ofBoth(outcome, await tryGuarded(way, init, forwarded));
  }
  return outcome;
}

/** What is told after another try: that nothing came of the second does not undo what may have come of the first. */
function ofBoth(first: Answer | Failure, second: Answer | Failure): Answer | Failure {
  const mayBeDone = !("outcome" in first) || first.outcome === "unknown";
  return mayBeDone && "outcome" in second && second.outcome !== "unknown" ? first : second;
}

/** One try, unless the autopilot's circuit is open. */
async function tryGuarded(send: Send, init: RequestInit, forwarded: Forwarded): Promise<Answer | Failure> {
  const circuit = circuitOf(forwarded.decision.route);
  const sentAt = Date.now();
  const waitMs = circuit.waitMs(sentAt);
  if (waitMs > 0) return pausedFailure(waitMs);
  const outcome = await tryOnce(send, init, forwarded);
  if ("outcome" in outcome ? !outcome.hasAnswered : outcome.status >= 500) circuit.failed(sentAt, Date.now());
  else circuit.succeeded();
  return outcome;
}

async function tryOnce(send: Send, init: RequestInit, forwarded: Forwarded): Promise<Answer | Failure> {
  const { decision, requestId } = forwarded;
  const { timeoutMs } = decision.rule;
  let response: Response;
  let body: Uint8Array | null;
  try {
    response = await send(init);
    if (response.status < 200 || response.status > 599) return oddStatusFailure(response.status);
    if (response.status >= 300 && response.status < 400) return redirectFailure(response.status);
    if (response.body && isPassedOn(response, forwarded)) return passedOn(response, init.signal!, forwarded);
    body = await readCapped(response.body, MAX_ANSWER_BYTES);
  } catch (error) {
    log("a task was not completed", requestId, error);
    return init.signal?.aborted ? timeoutFailure(timeoutMs) : brokenFailure();
  }
  if (body === null) return oversizeFailure(MAX_ANSWER_BYTES);
  const edge = decision.transport === "https" ? edgeFailure(response.status, body) : undefined;
  return edge ?? { ...headOf(response), body };
}

function headOf({ status, headers }: Response): Omit<Answer, "body"> {
  const [type, retryAfter] = [headers.get("content-type"), headers.get("retry-after")];
  return { status, type, retryAfter, encoding: encodingOf(headers) };
}

/** A refusal never is: it is short, and says what became of the task. */
function isPassedOn({ status, headers }: Response, { decision, mayPassOn }: Forwarded): boolean {
  if (!mayPassOn || status >= 300) return false;
  return decision.rule.stream || isEventStream(headers.get("content-type"));
}

function passedOn(response: Response, signal: AbortSignal, { decision, requestId }: Forwarded): Answer {
  const head = headOf(response);
  const limits = { bytes: MAX_ANSWER_BYTES, timeoutMs: decision.rule.timeoutMs, signal };
  const farewell = (failure: Failure) =>
    head.encoding ? undefined : farewellOf(head.type, forwardProblem(decision, failure).toDocument(requestId));
  return { ...head, body: new Uint8Array(), passedOn: passOn(response.body!, limits, farewell, requestId) };
}

/** The way to the autopilot, or why there is none. */
function sender({ decision, request }: Forwarded, env: Env): Send | Failure {
  const { route } = decision;
  if (route.binding) {
    const target = serviceBinding(env, route.binding);
    if (!target) return unboundFailure(route.binding);
    return (init) => target.fetch(`https://${route.worker}/`, init);
  }
  const code = checkEndpoint(route.endpoint ?? "", endpointRules(env, request));
  if (code) return endpointFailure(MESSAGES[code]);
  return (init) => fetch(route.endpoint!, init);
}

/** The forwarded request's headers and body. */
async function signMessage({ decision, meta, request, requestId, caller, run, approval }: Forwarded, env: Env) {
  const { task, capability, route } = decision;
  const beside = JSON.stringify({ task, capability, autopilot: route.name, caller, requestId, run, approval });
  const body = `${beside.slice(0, -1)},"meta":${meta}}`;
  const id = `msg_${run?.id.slice(RUN_PREFIX.length) ?? crypto.randomUUID().replaceAll("-", "")}`;
  const headers = new Headers(await signed(route.name, env, id, body));
  headers.set("content-type", "application/json");
  headers.set("x-request-id", requestId);
  headers.set("traceparent", traceparent(request.headers.get("traceparent")));
  headers.set(HOP_HEADER, "1");
  for (const name of PASSED) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const key = run?.key ?? idempotencyKeyOf(request);
  if (key !== null) headers.set("idempotency-key", key);
  return { headers, body };
}
