// A task on its way to its autopilot: one signed POST over a service binding or HTTPS, and the answer back;
// a second try where that is safe (retry.ts), and none while the autopilot's circuit is open (circuit.ts).
//
// The answer is read whole, up to a limit, before any of it is passed on: only then is its status true.

import { Circuit } from "./circuit.ts";
import type { Decision } from "./decide.ts";
import { endpointRules } from "./endpoint-rules.ts";
import { serviceBinding, type Env } from "./env.ts";
import {
  brokenFailure,
  edgeFailure,
  endpointFailure,
  forwardProblem,
  oversizeFailure,
  pausedFailure,
  redirectFailure,
  timeoutFailure,
  unboundFailure,
  type Failure,
} from "./failure.ts";
import { log } from "./log.ts";
import { Refused } from "./problem.ts";
import { MAX_TRIES, retryDelayMs, type Answered } from "./retry.ts";
import { signatureHeaders } from "./sign.ts";
import { readCapped } from "./stream.ts";
import { traceparent } from "./trace.ts";
import { checkEndpoint, MESSAGES } from "./urls.ts";

export const MAX_ANSWER_BYTES = 10 * 1024 * 1024;
export const HOP_HEADER = "x-autopilot-hop";

/** The caller's headers that pass; never Authorization or Cookie, which are meant for the router. */
const PASSED = ["accept", "accept-language", "user-agent", "idempotency-key"];
const WITHOUT_BODY = new Set([204, 205]);

export interface Forwarded {
  readonly decision: Decision;
  readonly meta: Readonly<Record<string, unknown>>;
  /** The caller's request, for its headers. */
  readonly request: Request;
  readonly requestId: string;
}

type Send = (init: RequestInit) => Promise<Response>;

/** An answer, read whole. */
interface Answer extends Answered {
  readonly type: string | null;
  readonly body: Uint8Array;
}

const circuits = new Map<string, Circuit>();

/**
 * The autopilot's status, content type and body. One deadline holds for all tries. Throws Refused: 502, 504, or 503
 * without a webhook secret.
 */
export async function forward(forwarded: Forwarded, env: Env): Promise<Response> {
  const { decision } = forwarded;
  const { rule, route } = decision;
  const send = sender(forwarded, env);
  const deadline = Date.now() + rule.timeoutMs;
  const signal = AbortSignal.timeout(rule.timeoutMs);
  const init = { ...(await message(forwarded, env)), method: "POST", redirect: "manual", signal } as const;
  let outcome = await guardedTry(send, init, forwarded);
  for (let tries = 1; tries < MAX_TRIES; tries++) {
    const delay = retryDelayMs(outcome, rule, Math.random(), Date.now());
    if (delay === null || Date.now() + delay >= deadline) break;
    await new Promise((resolve) => setTimeout(resolve, delay));
    outcome = ofBoth(outcome, await guardedTry(send, init, forwarded));
  }
  if ("outcome" in outcome) throw failed(decision, outcome);
  const headers = new Headers({ "x-autopilot": route.name });
  if (outcome.type) headers.set("content-type", outcome.type);
  if (outcome.retryAfter) headers.set("retry-after", outcome.retryAfter);
  return new Response(WITHOUT_BODY.has(outcome.status) ? null : outcome.body, { status: outcome.status, headers });
}

/** What is told after another try: that nothing came of the second does not undo what may have come of the first. */
function ofBoth(first: Answer | Failure, second: Answer | Failure): Answer | Failure {
  const mayBeDone = !("outcome" in first) || first.outcome === "unknown";
  return mayBeDone && "outcome" in second && second.outcome !== "unknown" ? first : second;
}

/** One try, unless the autopilot's circuit is open. */
async function guardedTry(send: Send, init: RequestInit, forwarded: Forwarded): Promise<Answer | Failure> {
  const { name, endpoint } = forwarded.decision.route;
  const key = `${name} ${endpoint}`; // one that is registered anew elsewhere begins anew
  const circuit = circuits.get(key) ?? new Circuit();
  circuits.set(key, circuit);
  const sentAt = Date.now();
  const waitMs = circuit.waitMs(sentAt);
  if (waitMs > 0) return pausedFailure(waitMs);
  const outcome = await oneTry(send, init, forwarded);
  if ("outcome" in outcome && !outcome.hasAnswered) circuit.failed(sentAt, Date.now());
  else circuit.succeeded();
  return outcome;
}

async function oneTry(send: Send, init: RequestInit, { decision, requestId }: Forwarded): Promise<Answer | Failure> {
  let response: Response;
  let body: Uint8Array | null;
  try {
    response = await send(init);
    if (response.status >= 300 && response.status < 400) return redirectFailure(response.status);
    body = await readCapped(response.body, MAX_ANSWER_BYTES);
  } catch (error) {
    log("a task was not completed", requestId, error);
    return init.signal?.aborted ? timeoutFailure(decision.rule.timeoutMs) : brokenFailure();
  }
  if (body === null) return oversizeFailure(MAX_ANSWER_BYTES);
  const edge = decision.transport === "https" ? edgeFailure(response.status, body) : undefined;
  const { status, headers } = response;
  return edge ?? { status, type: headers.get("content-type"), retryAfter: headers.get("retry-after"), body };
}

/** The way to the autopilot. */
function sender({ decision, request }: Forwarded, env: Env): Send {
  const { route } = decision;
  if (route.binding) {
    const target = serviceBinding(env, route.binding);
    if (!target) throw failed(decision, unboundFailure(route.binding));
    return (init) => target.fetch(`https://${route.worker}/`, init);
  }
  const code = checkEndpoint(route.endpoint ?? "", endpointRules(env, request));
  if (code) throw failed(decision, endpointFailure(MESSAGES[code]));
  return (init) => fetch(route.endpoint!, init);
}

/** The forwarded request's headers and body. */
async function message({ decision, meta, request, requestId }: Forwarded, env: Env) {
  const { task, capability } = decision;
  const body = JSON.stringify({ task, capability, meta });
  const id = `msg_${crypto.randomUUID().replaceAll("-", "")}`;
  const headers = new Headers(
    await signatureHeaders(env.WEBHOOK_SECRET, id, Math.floor(Date.now() / 1000), body),
  );
  headers.set("content-type", "application/json");
  headers.set("x-request-id", requestId);
  headers.set("traceparent", traceparent(request.headers.get("traceparent")));
  headers.set(HOP_HEADER, "1");
  for (const name of PASSED) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return { headers, body };
}

function failed(decision: Decision, failure: Failure): Refused {
  return new Refused(forwardProblem(decision, failure));
}
