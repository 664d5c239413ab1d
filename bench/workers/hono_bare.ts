// The router that people write first: Hono with a bearer token, JSON, and a call over a service binding.

import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";

interface Bound {
  readonly API_TOKEN: string;
  readonly AUTOPILOT: Fetcher;
}

const app = new Hono<{ Bindings: Bound }>();
app.use("/autopilot/*", (context, next) => bearerAuth({ token: context.env.API_TOKEN })(context as never, next));
app.post("/autopilot/plan", async (context) => {
  const { task, meta } = await context.req.json<{ task: string; meta: unknown }>();
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ task, meta });
  return context.env.AUTOPILOT.fetch("https://autopilot/", { method: "POST", headers, body });
});

export default app;
