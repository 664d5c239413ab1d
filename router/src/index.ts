// The routing Worker: its endpoints, and what holds for all of them (token, request id, refusals).

import type { Context } from "hono";
import { Hono } from "hono/tiny";
import { authenticate } from "./auth.ts";
import type { Env } from "./env.ts";
import { health } from "./health.ts";
import { list } from "./list.ts";
import { log } from "./log.ts";
import { plan } from "./plan.ts";
import { problemResponse, Refused, type Problem } from "./problem.ts";
import { register, registration, registrations, REGISTRY_PATH, unregister } from "./registry.ts";
import { recordedRegistrations } from "./registry-copy.ts";
import { requestIdOf } from "./request-id.ts";
import { DECLARED, withRegistrations } from "./state.ts";

type App = { Bindings: Env; Variables: { requestId: string } };
type Handler = (context: Context<App>) => Response | Promise<Response>;

const ENDPOINTS: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  "/health": { GET: ({ env }) => health(env, DECLARED) },
  "/autopilot/list": {
    GET: async ({ env, var: { requestId } }) => list(withRegistrations(await recordedRegistrations(env, requestId))),
  },
  "/autopilot/plan": { POST: ({ req, env, var: { requestId } }) => plan(req.raw, env, requestId) },
  [REGISTRY_PATH]: {
    GET: ({ env }) => registrations(env),
    POST: ({ req, env, executionCtx, var: { requestId } }) =>
      register(req.raw, { env, requestId, later: (work) => executionCtx.waitUntil(work) }),
  },
  [`${REGISTRY_PATH}/:name`]: {
    GET: ({ req, env }) => registration(env, req.param("name")!),
    DELETE: ({ req, env, executionCtx, var: { requestId } }) =>
      unregister(req.raw, req.param("name")!, { env, requestId, later: (work) => executionCtx.waitUntil(work) }),
  },
};

const app = new Hono<App>();

app.use(async (context, next) => {
  const requestId = requestIdOf(context.req.raw);
  context.set("requestId", requestId);
  await next();
  context.res.headers.set("x-request-id", requestId);
  context.res.headers.set("cache-control", "no-store");
});

app.use(async ({ req, env }, next) => {
  if (req.path !== "/health") await authenticate(req.raw, env);
  await next();
});

for (const [path, handlers] of Object.entries(ENDPOINTS)) {
  for (const [method, handler] of Object.entries(handlers)) app.on(method, path, handler);
  app.all(path, ({ req }) => {
    throw new Refused(methodNotAllowed(req.method, req.path, Object.keys(handlers)));
  });
}

app.notFound((context) => {
  throw new Refused(notFound(context.req.path));
});

app.onError((error, context) => {
  const { requestId } = context.var;
  if (error instanceof Refused) return problemResponse(error.problem, requestId);
  log("unexpected error", requestId, error);
  return problemResponse(FAULT, requestId);
});

function methodNotAllowed(method: string, path: string, allowed: readonly string[]): Problem {
  const allow = allowed.flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each])).join(", ");
  return {
    status: 405,
    title: "Method not allowed",
    detail: `${path} does not take ${method}; it takes ${allow}.`,
    headers: { Allow: allow },
  };
}

function notFound(path: string): Problem {
  return {
    status: 404,
    title: "Not found",
    detail: `There is no ${path} here.`,
    members: { endpoints: Object.keys(ENDPOINTS) },
  };
}

const FAULT: Problem = {
  status: 500,
  title: "Internal error",
  detail: "The orchestrator failed; the reason is in its log under the same request id.",
};

export default app;
