// The routing Worker: its endpoints, and what holds for all of them (token, request id, refusals).

import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import { requestIdOf } from "#worker-kit/request-id.ts";
import { listAlerts, testAlerts } from "./alerts/endpoints.ts";
import { showAgentCard } from "./catalog/agent-card.ts";
import { showCapability } from "./catalog/endpoint.ts";
import { diagnose } from "./diagnose/diagnose.ts";
import { ensureInfra } from "./diagnose/ensure-infra.ts";
import type { Env } from "./env.ts";
import { showHealth } from "./health/endpoint.ts";
import { askForHeal } from "./health/heal.ts";
import { showHeal } from "./health/heal-run.ts";
import { runScheduledByCron, runScheduledNow } from "./health/scheduled.ts";
import { authenticate, requireRight } from "./http/auth.ts";
import type { Call, Handler } from "./http/call.ts";
import { preflight, setCorsHeaders } from "./http/cors.ts";
import { showDocument } from "./http/document.ts";
import { showMe } from "./http/me.ts";
import { asProblem } from "./http/problem.ts";
import { Query } from "./http/query.ts";
import { makeSignInCode, signIn } from "./http/sign-in.ts";
import { showJournal } from "./journal/endpoint.ts";
import { showStats } from "./journal/stats.ts";
import { consume } from "./later/consume.ts";
import { cancel, retry } from "./later/endpoints.ts";
import { showMetrics } from "./metrics/endpoint.ts";
import { approve } from "./once/approve.ts";
import { listRuns, resolve, showRun } from "./once/endpoints.ts";
import { listAutopilots } from "./plan/list.ts";
import { plan } from "./plan/plan.ts";
import { listRegistrations, register, showRegistration, unregister } from "./registry/endpoints.ts";
import type { Right } from "./routing/table.ts";
import { listSchedules, removeSchedule } from "./schedules/endpoints.ts";
import { showUsage } from "./usage/use.ts";

/** The handlers by path and method, each with the right that it takes; HEAD is answered as GET is. */
const ENDPOINTS: Readonly<Record<string, Readonly<Record<string, readonly [Handler, Right?]>>>> = {
  "/health": { GET: [showHealth] },
  "/__scheduled": { POST: [runScheduledNow, "heal"] },
  "/metrics": { GET: [showMetrics, "read"] },
  "/.well-known/agent-card.json": { GET: [showAgentCard] },
  "/openapi.json": { GET: [(call) => showDocument(call, "openapi.json")] },
  "/autopilot/alerts": { GET: [listAlerts, "read"] },
  "/autopilot/alerts/test": { POST: [testAlerts, "heal"] },
  "/autopilot/capabilities/:name": { GET: [showCapability, "read"] },
  "/autopilot/diagnose": { GET: [diagnose, "read"] },
  "/autopilot/ensure-infra": { POST: [ensureInfra, "heal"] },
  "/autopilot/heal": { GET: [showHeal, "read"], POST: [askForHeal, "heal"] },
  "/autopilot/journal": { GET: [showJournal, "read"] },
  "/autopilot/list": { GET: [listAutopilots, "read"] },
  "/autopilot/me": { GET: [showMe] },
  "/autopilot/plan": { POST: [plan, "plan"] },
  "/autopilot/stats": { GET: [showStats, "read"] },
  "/autopilot/registry": { GET: [listRegistrations, "read"], POST: [register, "register"] },
  "/autopilot/runs": { GET: [listRuns] },
  "/autopilot/runs/:id": { GET: [showRun], DELETE: [cancel] },
  "/autopilot/runs/:id/approve": { POST: [approve, "approve"] },
  "/autopilot/runs/:id/retry": { POST: [retry, "resolve"] },
  "/autopilot/runs/:id/resolve": { POST: [resolve, "resolve"] },
  "/autopilot/schedules": { GET: [listSchedules] },
  "/autopilot/schedules/:id": { DELETE: [removeSchedule] },
  "/autopilot/sign-in": { POST: [signIn] },
  "/autopilot/sign-in/codes": { POST: [makeSignInCode] },
  "/autopilot/usage": { GET: [showUsage, "read"] },
  "/autopilot/registry/:name": { GET: [showRegistration, "read"], DELETE: [unregister, "register"] },
};
const PUBLIC = new Set(["/health", "/autopilot/sign-in"]);
const ANYBODY = { name: "", rule: null };
/** They check the parameters behind `?` themselves; no other endpoint has any. */
const WITH_PARAMETERS: ReadonlySet<Handler> = new Set<Handler>([plan, listRuns, showJournal, showStats]);

const PATTERNS = Object.entries(ENDPOINTS).map(([path, handlers]) => ({
  pattern: new RegExp(`^${path.replace(/:\w+/, "([^/]+)")}$`),
  handlers,
}));

export default {
  async fetch(request, env, context): Promise<Response> {
    const requestId = requestIdOf(request);
    const url = new URL(request.url);
    const later = (work: Promise<void>) => context.waitUntil(work);
    let response: Response;
    try {
      response =
        preflight(request) ??
        (await answer({ request, url, env, requestId, later, caller: "", rule: null, parameter: "" }));
    } catch (error) {
      if (!(error instanceof Problem)) log("unexpected error", requestId, error);
      response = asProblem(error).toResponse(requestId);
    }
    response.headers.set("x-request-id", requestId);
    if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
    setCorsHeaders(request, response.headers);
    return request.method === "HEAD" ? new Response(null, response) : response;
  },

  async scheduled(_controller, env, context): Promise<void> {
    await runScheduledByCron({
      env,
      later: (work) => context.waitUntil(work),
      requestId: crypto.randomUUID(),
      caller: "",
    });
  },
  async queue(batch, env, context): Promise<void> {
    await consume(batch, { env, later: (work) => context.waitUntil(work), requestId: crypto.randomUUID() });
  },
} satisfies ExportedHandler<Env>;

async function answer(call: Call): Promise<Response> {
  const { request, url, env } = call;
  const { pathname } = url;
  const { name: caller, rule } = PUBLIC.has(pathname) ? ANYBODY : authenticate(request, env);
  for (const { pattern, handlers } of PATTERNS) {
    const found = pattern.exec(pathname);
    if (!found) continue;
    const [handler, right] = handlers[request.method === "HEAD" ? "GET" : request.method] ?? [];
    if (!handler) throw methodNotAllowed(request.method, pathname, Object.keys(handlers));
    if (!WITH_PARAMETERS.has(handler)) new Query(url.searchParams, Date.now()).check();
    if (right) requireRight({ caller, rule }, right);
    return handler({ ...call, caller, rule, parameter: decoded(found[1] ?? "") });
  }
  throw notFound(pathname);
}

/** A segment of the path; as it stands where its percent-encoding is broken. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function methodNotAllowed(method: string, path: string, allowed: readonly string[]): Problem {
  const allow = allowed.flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each])).join(", ");
  return new Problem({
    status: 405,
    title: "Method not allowed",
    detail: `${path} does not take ${method}; it takes ${allow}.`,
    headers: { Allow: allow },
  });
}

function notFound(path: string): Problem {
  return new Problem({
    status: 404,
    title: "Not found",
    detail: `There is no ${path} here.`,
    members: { endpoints: Object.keys(ENDPOINTS) },
  });
}
