// GET /health, for anyone: whether the router can do its work, and how each autopilot was when it was last asked.
// The format is health+json (draft-inadarei-api-health-check).

import routingTable from "routing-table";
import { tokens } from "./auth.ts";
import type { Call } from "./call.ts";
import { statusOf, type State, type Status } from "./decide.ts";
import type { Env } from "./env.ts";
import { Refused } from "./problem.ts";
import { keysOf } from "./sign.ts";
import { DECLARED } from "./state.ts";
import type { Route } from "./table.ts";

interface Check {
  readonly componentId?: string;
  readonly componentType: "component" | "system";
  readonly status: Status;
  readonly output?: string;
}

/** `pass` and `warn` are 200, `fail` is 503. */
export async function health({ env }: Call): Promise<Response> {
  const settings = await settingsCheck(env);
  const checks: Record<string, Check[]> = { "orchestrator:settings": [settings] };
  for (const route of routingTable.autopilots) {
    checks[`${route.name}:health`] = [autopilotCheck(route, DECLARED)];
  }
  const anyUnwell = Object.values(checks).some(([check]) => check!.status === "fail" || check!.status === "warn");
  const status = settings.status === "fail" ? "fail" : anyUnwell ? "warn" : "pass";
  return new Response(
    JSON.stringify({
      status,
      version: env.BUILD_ID ?? "unknown",
      serviceId: "autopilot-orchestrator",
      checks,
    }),
    {
      status: status === "fail" ? 503 : 200,
      headers: { "content-type": "application/health+json" },
    },
  );
}

/** The router fails without the secrets that it needs; which one is said, never what it is. */
async function settingsCheck(env: Env): Promise<Check> {
  const check = { componentType: "system" } as const;
  if (tokens(env).length === 0) return { ...check, status: "fail", output: "API_TOKEN is not bound." };
  try {
    await keysOf(env.WEBHOOK_SECRET);
    return { ...check, status: "pass" };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ...check, status: "fail", output: error.problem.detail };
  }
}

function autopilotCheck(route: Route, state: State): Check {
  const status = statusOf(route, state);
  const check = { componentId: route.name, componentType: "component", status } as const;
  return status === "unknown" ? { ...check, output: "It has not been probed." } : check;
}
