// A task on its way to its autopilot: one signed POST over a service binding or HTTPS, and the answer back.
//
// The answer is read whole, up to a limit, before any of it is passed on: only then is its status true.

import type { Decision } from "./decide.ts";
import { endpointRules } from "./endpoint-rules.ts";
import { serviceBinding, type Env } from "./env.ts";
import {
  brokenFailure,
  edgeFailure,
  endpointFailure,
  forwardProblem,
  oversizeFailure,
  redirectFailure,
  timeoutFailure,
  unboundFailure,
  type Failure,
} from "./failure.ts";
import { log } from "./log.ts";
import { Refused } from "./problem.ts";
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

/** The autopilot's status, content type and body. Throws Refused: 502, 504, or 503 without a webhook secret. */
export async function forward(forwarded: Forwarded, env: Env): Promise<Response> {
  const { decision, requestId } = forwarded;
  const send = sender(forwarded, env);
  const signal = AbortSignal.timeout(decision.rule.timeoutMs);
  const init = { ...(await message(forwarded, env)), method: "POST", redirect: "manual", signal } as const;
  let response: Response;
  let body: Uint8Array | null;
  try {
    response = await send(init);
    if (response.status >= 300 && response.status < 400) throw failed(decision, redirectFailure(response.status));
    body = await readCapped(response.body, MAX_ANSWER_BYTES);
  } catch (error) {
    if (error instanceof Refused) throw error;
    log("a task was not completed", requestId, error);
    throw failed(decision, signal.aborted ? timeoutFailure(decision.rule.timeoutMs) : brokenFailure());
  }
  if (body === null) throw failed(decision, oversizeFailure(MAX_ANSWER_BYTES));
  const edge = decision.transport === "https" ? edgeFailure(response.status, body) : undefined;
  if (edge) throw failed(decision, edge);
  const headers = new Headers({ "x-autopilot": decision.route.name });
  const type = response.headers.get("content-type");
  if (type) headers.set("content-type", type);
  return new Response(WITHOUT_BODY.has(response.status) ? null : body, { status: response.status, headers });
}

/** The way to the autopilot. */
function sender({ decision, request }: Forwarded, env: Env): (init: RequestInit) => Promise<Response> {
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
