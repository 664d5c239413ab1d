// GET /autopilot/list: who can do what, and which tasks there are.

import routingTable from "routing-table";
import type { Call } from "./call.ts";
import { missingOf, statusOf, type State } from "./decide.ts";
import { byCodePoint } from "./names.ts";
import { recordedRegistrations } from "./registry-copy.ts";
import { withRegistrations } from "./state.ts";
import type { Route } from "./table.ts";

export async function list({ env, requestId }: Call): Promise<Response> {
  const state = withRegistrations(await recordedRegistrations(env, requestId));
  const declared = routingTable.autopilots.map((route) => entry(route, "declared", state));
  const names = new Set(routingTable.autopilots.map((route) => route.name));
  const registered = state.registered
    .filter((route) => !names.has(route.name))
    .map((route) => entry(route, "registered", state));
  const autopilots = [...declared, ...registered].sort((a, b) => byCodePoint(a.name, b.name));
  return Response.json({
    autopilots,
    capabilities: [...new Set(autopilots.flatMap((autopilot) => autopilot.capabilities))].sort(byCodePoint),
    tasks: Object.entries(routingTable.tasks).map(([name, rule]) => ({ name, ...rule })),
  });
}

function entry(route: Route, source: "declared" | "registered", state: State) {
  const { binding, ...shown } = route;
  return {
    ...shown,
    source,
    transport: binding ? "service" : "https",
    status: statusOf(route, state),
    infrastructure: missingOf(route, state).length > 0 ? "missing" : "ready",
  };
}
