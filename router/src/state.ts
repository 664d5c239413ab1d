// What the decision is told beside the table: how autopilots are, what is missing, who is registered.
//
// A task that one declared autopilot alone can do costs no storage read: the last one is never left out, so its health
// changes nothing, and what is missing is known from the isolate's memory, looked after once a minute beside the task.
// Where there is something to choose, or to refuse, the snapshot is read, at most once a minute.
// docs/decisions/0013-health-checks.md says why.

import routingTable from "routing-table";
import type { Call } from "./http/call.ts";
import { pausedNames } from "./forward/circuits.ts";
import { decide, type Decision, type Missing, type Refusal, type State } from "./routing/decide.ts";
import { byCodePoint } from "./routing/nearest.ts";
import { routeOf, undeclared, type Registration } from "./registry/registration.ts";
import { copiedRegistrations, recordedRegistrations } from "./registry/copy.ts";
import { isDue, knownSnapshot, readSnapshot, type Snapshot } from "./snapshot.ts";
import type { Resources, Route } from "./routing/table.ts";

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

/**
 * The decision on `task`. Registrations are read only where no declared autopilot can do it, and the record only where
 * the copy knows nobody either: what was registered a moment ago, elsewhere, is found all the same.
 */
export async function decideNow(
  { env, requestId, later }: Pick<Call, "env" | "requestId" | "later">,
  task: string,
): Promise<Decision | Refusal> {
  const random = Math.random();
  const decideWith = (state: State) => decide(routingTable, task, state, random);
  const known = decideWith(stateOf(knownSnapshot()));
  if ("route" in known && isAlone(known)) {
    if (isDue()) later(readSnapshot(env, requestId).then(() => undefined));
    return known;
  }
  const snapshot = await readSnapshot(env, requestId);
  const declared = decideWith(stateOf(snapshot));
  if (!isNobody(declared)) return declared;
  const copied = decideWith(stateOf(snapshot, await copiedRegistrations(env, requestId)));
  if (!isNobody(copied)) return copied;
  return decideWith(stateOf(snapshot, await recordedRegistrations(env, requestId)));
}

function statusesOf(snapshot: Snapshot | undefined): State["statuses"] {
  return Object.fromEntries(Object.entries(snapshot?.autopilots ?? {}).map(([name, { status }]) => [name, status]));
}

function among({ needs }: { readonly needs: Resources }, missing: readonly Missing[]): readonly Missing[] {
  const names: Partial<Record<string, readonly string[]>> = { ...needs };
  return missing.filter(({ kind, name }) => names[`${kind}s`]?.includes(name));
}

function isAlone({ capability }: Decision): boolean {
  return routingTable.autopilots.filter(({ capabilities }) => capabilities.includes(capability)).length === 1;
}

function isNobody(outcome: Decision | Refusal): boolean {
  return "problem" in outcome && outcome.problem.status === 404;
}
