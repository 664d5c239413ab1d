// GET /autopilot/list: who can do what, how they are, and which tasks there are.

import routingTable from "routing-table";
import type { Call } from "../http/call.ts";
import { readRegistrations } from "../registry/copy.ts";
import { missingOf, type State, statusOf } from "../routing/decide.ts";
import { byCodePoint } from "../routing/nearest.ts";
import type { Route } from "../routing/table.ts";
import { readSnapshot } from "../snapshot.ts";
import { allRoutes, stateOf } from "../state.ts";

export async function listAutopilots({ env, requestId }: Call): Promise<Response> {
  const [snapshot, registrations] = await Promise.all([
    readSnapshot(env, requestId),
    readRegistrations(env, requestId),
  ]);
  const state = stateOf(snapshot, registrations);
  const autopilots = allRoutes(state).map((route) => entry(route, state));
  return Response.json({
    autopilots,
    capabilities: [...new Set(autopilots.flatMap((autopilot) => autopilot.capabilities))].sort(byCodePoint),
    tasks: Object.entries(routingTable.tasks).map(([name, rule]) => ({ name, ...rule })),
  });
}

function entry(route: Route, state: State) {
  const { binding, needs, ...shown } = route;
  return {
    ...shown,
    source: routingTable.autopilots.includes(route) ? "declared" : "registered",
    transport: binding ? "service" : "https",
    status: statusOf(route, state),
    infrastructure: missingOf(route, state).length > 0 ? "missing" : "ready",
  };
}
