// Hono with about the router's duties: the token, a checked body, a request id, a trace, a signature, a time-out, an answer
// that is read whole. Without the decision, the journal, retries and the circuit.

import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { requestId } from "hono/request-id";
import * as v from "valibot";
import { signFor } from "#worker-kit/signature.ts";

interface Bound {
  readonly API_TOKEN: string;
  readonly WEBHOOK_SECRET: string;
  readonly AUTOPILOT: Fetcher;
}

const PLAN = v.strictObject({
  task: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  meta: v.optional(v.record(v.string(), v.unknown()), {}),
});
const TIMEOUT_MS = 25_000;

const app = new Hono<{ Bindings: Bound }>();
app.use(requestId());
app.use("/autopilot/*", (context, next) => bearerAuth({ token: context.env.API_TOKEN })(context as never, next));
app.post("/autopilot/plan", async (context) => {
  const asked = v.safeParse(PLAN, await context.req.json());
  if (!asked.success) return context.json({ title: "Invalid request", issues: asked.issues }, 422);
  const id = context.get("requestId");
  const body = JSON.stringify({ ...asked.output, autopilot: "autopilot", requestId: id });
  const signed = await signFor("autopilot", context.env.WEBHOOK_SECRET, id, Math.floor(Date.now() / 1000), body);
  const trace = crypto.randomUUID().replaceAll("-", "");
  const headers = {
    "content-type": "application/json",
    traceparent: `00-${trace}-${trace.slice(0, 16)}-01`,
    "x-request-id": id,
    ...signed,
  };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await context.env.AUTOPILOT.fetch("https://autopilot/", { method: "POST", headers, body, signal });
  const type = answer.headers.get("content-type") ?? "application/json";
  return new Response(await answer.arrayBuffer(), { status: answer.status, headers: { "content-type": type } });
});

export default app;
