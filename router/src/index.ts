// The routing Worker: its endpoints, and what holds for all of them (token, request id, refusals).

import type { Context } from "hono";
import { Hono } from "hono/tiny";
import { authenticate } from "./auth.ts";
import type { State } from "./decide.ts";
import type { Env } from "./env.ts";
import { health } from "./health.ts";
import { list } from "./list.ts";
import { log } from "./log.ts";
import { plan } from "./plan.ts";
import { problemResponse, Refused, type Problem } from "./problem.ts";
import { requestIdOf } from "./request-id.ts";

type App = { Bindings: Env; Variables: { requestId: string } };
type Handler = (context: Context<App>) => Response | Promise<Response>;

// Declared routes cost no storage read: all that is known of them is in the bundled table.
const DECLARED: State = { statuses: {}, registered: [], missing: {} };

const ENDPOINTS: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  "/health": { GET: ({ env }) => health(env, DECLARED) },
  "/autopilot/list": { GET: () => list(DECLARED) },
  "/autopilot/plan": { POST: ({ req, env, var: { requestId } }) => plan(req.raw, env, DECLARED, requestId) },
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
    throw new Refused(methodNotAllowed(req.method, path, Object.keys(handlers)));
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
