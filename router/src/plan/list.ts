// GET /autopilot/list: who can do what, how they are, which tasks there are, and who may ask for them.

import routingTable from "routing-table";
import type { Env } from "../env.ts";
import { callersOf } from "../http/auth.ts";
import type { Call } from "../http/call.ts";
import { readCopiedRegistrations, readRegistrations } from "../registry/copy.ts";
import { missingOf, type State, statusOf } from "../routing/decide.ts";
import { byCodePoint } from "../routing/nearest.ts";
import type { Route } from "../routing/table.ts";
import { readSnapshot } from "../snapshot.ts";
import { allRoutes, stateOf } from "../state.ts";

export async function listAutopilots({ env, requestId }: Call): Promise<Response> {
  const [snapshot, { registrations, from }] = await Promise.all([
    readSnapshot(env, requestId),
    readSomeRegistrations(env, requestId),
  ]);
  const state = stateOf(snapshot, registrations);
  const autopilots = allRoutes(state).map((route) => ({
    ...entry(route, state),
    unavailable: snapshot?.autopilots[route.name]?.unavailable ?? [],
  }));
  return Response.json({
    registrations: from,
    autopilots,
    capabilities: [...new Set(autopilots.flatMap((autopilot) => autopilot.capabilities))].sort(byCodePoint),
    tasks: Object.entries(routingTable.tasks).map(([name, rule]) => ({ name, ...rule })),
    callers: callersOf(env),
  });
}

/** The record's; where D1 does not answer the copy's, and where that cannot be read either none: it is said which. */
async function readSomeRegistrations(env: Env, requestId: string) {
  try {
    return { registrations: await readRegistrations(env, requestId), from: "current" };
  } catch {
    const copied = await readCopiedRegistrations(env, requestId).catch(() => undefined);
    return copied ? { registrations: copied, from: "copied" } : { registrations: [], from: "unreadable" };
  }
}

function entry(route: Route, state: State) {
  const { binding, ...shown } = route;
  const missing = missingOf(route, state);
  return {
    ...shown,
    source: routingTable.autopilots.includes(route) ? "declared" : "registered",
    transport: binding ? "service" : "https",
    status: statusOf(route, state),
    infrastructure: missing.length > 0 ? "missing" : "ready",
    missing,
  };
}
