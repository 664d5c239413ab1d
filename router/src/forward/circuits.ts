// What this isolate knows of each autopilot's failures: one circuit for each, made when it is first asked.

import type { Route } from "../routing/table.ts";
import { Circuit } from "./circuit.ts";

const circuits = new Map<string, Circuit>();

export function circuitOf(route: Route): Circuit {
  const key = keyOf(route);
  const circuit = circuits.get(key) ?? new Circuit();
  circuits.set(key, circuit);
  return circuit;
}

/** The names of those of the `routes` that are left alone at `now`, in milliseconds. */
export function pausedNames(routes: readonly Route[], now: number): string[] {
  if (circuits.size === 0) return [];
  return routes.filter((route) => circuits.get(keyOf(route))?.isPaused(now)).map(({ name }) => name);
}

/** One that is registered anew elsewhere begins anew. */
function keyOf({ name, endpoint }: Route): string {
  return `${name} ${endpoint}`;
}
