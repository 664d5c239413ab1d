// What is known of the autopilots at the moment: how they are, what is missing, who is registered. The decision is told it
// beside the table (routing/decide-now.ts).

import routingTable from "routing-table";
import { pausedNames } from "./forward/circuits.ts";
import { type Registration, routeOf, undeclared } from "./registry/registration.ts";
import type { Missing, State } from "./routing/decide.ts";
import { byCodePoint } from "./routing/nearest.ts";
import type { Resources, Route } from "./routing/table.ts";
import type { Snapshot } from "./snapshot.ts";

/** What is known of the autopilots, by the last scheduled run, and of these registrations. */
export function stateOf(snapshot: Snapshot | undefined, registrations: readonly Registration[] = []): State {
  const gone = snapshot?.missing ?? [];
  const missing: Record<string, readonly Missing[]> = {};
  for (const each of registrations) {
    missing[each.name] = [...undeclared(each, routingTable.declared), ...among(each, gone)];
  }
  if (gone.length > 0) for (const route of routingTable.autopilots) missing[route.name] = among(route, gone);
  const registered = registrations.map(routeOf);
  const paused = pausedNames([...routingTable.autopilots, ...registered], Date.now());
  return { statuses: statusesOf(snapshot), registered, missing, paused };
}

/** Everybody who may be given a task, in name order: a declared name is the declared one's. */
export function allRoutes({ registered }: State): readonly Route[] {
  const names = new Set(routingTable.autopilots.map(({ name }) => name));
  const others = registered.filter(({ name }) => !names.has(name));
  return [...routingTable.autopilots, ...others].sort((a, b) => byCodePoint(a.name, b.name));
}

function statusesOf(snapshot: Snapshot | undefined): State["statuses"] {
  return Object.fromEntries(Object.entries(snapshot?.autopilots ?? {}).map(([name, { status }]) => [name, status]));
}

function among({ needs }: { readonly needs: Resources }, missing: readonly Missing[]): readonly Missing[] {
  const names: Partial<Record<string, readonly string[]>> = { ...needs };
  return missing.filter(({ kind, name }) => names[`${kind}s`]?.includes(name));
}
