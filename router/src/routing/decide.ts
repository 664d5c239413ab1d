// Which autopilot gets a task, and why: the twin of orchestrator/routing/decision.py, which explains the rules.
//
// Pure: what may change (health, registrations, missing infrastructure) is passed in, and so is the random number.
// Both twins are run against tests/twins/decisions.json, sentences included.

import { Problem } from "#worker-kit/problem.ts";
import { NOT_READY, unsupported } from "../http/problem.ts";
import { byCodePoint, nearestNames } from "./nearest.ts";
import { type Route, type RoutingTable, ruleOf, type TaskRule } from "./table.ts";

export type Status = "pass" | "warn" | "fail" | "unknown";

/** Something that an autopilot needs and that is not there; `kind` is `kvNamespace`, `r2Bucket` and the like. */
export interface Missing {
  readonly kind: string;
  readonly name: string;
}

/** What is known at the moment of the decision, by autopilot name; an autopilot not named here is well. */
export interface State {
  readonly statuses: Readonly<Record<string, Status>>;
  readonly registered: readonly Route[];
  readonly missing: Readonly<Record<string, readonly Missing[]>>;
  /** Those that failed several times in a row and are left alone for a while (circuit.ts). */
  readonly paused: readonly string[];
}

export interface Decision {
  readonly task: string;
  readonly capability: string;
  readonly route: Route;
  readonly transport: "service" | "https";
  readonly rule: TaskRule;
  readonly reasons: readonly string[];
}

export interface Refusal {
  readonly problem: Problem;
  readonly reasons: readonly string[];
}

const RETRY_AFTER_SECONDS = 60;

/**
 * Choose the autopilot for `task`, a task's or a capability's name; `random` is in [0, 1). `owner` has a run of it: it is
 * chosen before all others while it can do this at all.
 */
export function decide(
  table: RoutingTable,
  task: string,
  state: State,
  random: number,
  owner?: string,
): Decision | Refusal {
  const rule = ruleOf(table, task);
  const { capability } = rule;
  const reasons = [
    Object.hasOwn(table.tasks, task)
      ? `The task ${task} needs the capability ${capability}.`
      : `${task} is no task: it is taken as the name of a capability.`,
  ];
  const all = able(table, capability, state, reasons);
  const owners = all.filter(({ name }) => name === owner);
  const candidates = owners.length > 0 ? owners : all;
  if (candidates.length === 0) return { problem: nobody(table, capability, state), reasons };
  const ready = withInfrastructure(candidates, state, reasons);
  if (ready.length === 0) return { problem: notReady(candidates, capability, state), reasons };
  const route = byWeight(highest(rested(healthy(ready, state, reasons), state, reasons), reasons), random, reasons);
  return { task, capability, route, transport: route.binding ? "service" : "https", rule, reasons };
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function able(table: RoutingTable, capability: string, state: State, reasons: string[]): Route[] {
  const declared = having(table.autopilots, capability);
  const candidates = [...declared];
  for (const route of having(state.registered, capability)) {
    if (isDeclared(table, route.name)) {
      reasons.push(`${route.name}, registered at run time, is left out: autopilots.yaml declares that name.`);
    } else if (declared.length > 0) {
      reasons.push(`${route.name}, registered at run time, is left out: a declared autopilot can do this.`);
    } else {
      candidates.push(route);
    }
  }
  if (candidates.length === 0) reasons.push(`No autopilot has the capability ${capability}.`);
  return candidates;
}

function having(routes: readonly Route[], capability: string): Route[] {
  return routes.filter((route) => route.capabilities.includes(capability)).sort((a, b) => byCodePoint(a.name, b.name));
}

function isDeclared(table: RoutingTable, name: string): boolean {
  return table.autopilots.some((route) => route.name === name);
}

/** What an autopilot needs and that is not there. */
export function missingOf({ name }: Route, state: State): readonly Missing[] {
  return own(state.missing, name) ?? [];
}

/** How an autopilot was when it was last asked. */
export function statusOf({ name }: Route, state: State): Status {
  return own(state.statuses, name) ?? "unknown";
}

function withInfrastructure(candidates: readonly Route[], state: State, reasons: string[]): Route[] {
  return candidates.filter((route) => {
    const missing = missingOf(route, state);
    if (missing.length === 0) return true;
    const names = missing.map(({ kind, name }) => `${kind} ${name}`).join(", ");
    reasons.push(`${route.name} is left out: it needs what is missing (${names}).`);
    return false;
  });
}

function healthy(candidates: readonly Route[], state: State, reasons: string[]): readonly Route[] {
  const well = candidates.filter((route) => statusOf(route, state) !== "fail");
  for (const route of candidates) {
    const { name } = route;
    const status = statusOf(route, state);
    if (status === "warn") {
      reasons.push(`${name} stays in: its last health check warned, and a warning still routes.`);
    } else if (status === "fail" && well.length > 0) {
      reasons.push(`${name} is left out: its last health check failed.`);
    } else if (status === "fail") {
      reasons.push(`${name} stays in although its last health check failed: no other one is healthy.`);
    }
  }
  return well.length > 0 ? well : candidates;
}

function rested(candidates: readonly Route[], { paused }: State, reasons: string[]): readonly Route[] {
  const left = candidates.filter(({ name }) => !paused.includes(name));
  for (const { name } of candidates) {
    if (!paused.includes(name)) continue;
    reasons.push(
      left.length > 0
        ? `${name} is left out: it failed several times in a row and is left alone for a while.`
        : `${name} stays in although it failed several times in a row: no other one is left.`,
    );
  }
  return left.length > 0 ? left : candidates;
}

function highest(candidates: readonly Route[], reasons: string[]): Route[] {
  const top = Math.max(...candidates.map((route) => route.priority));
  return candidates.filter(({ name, priority }) => {
    if (priority < top) reasons.push(`${name} is left out: its priority ${priority} is below ${top}.`);
    return priority === top;
  });
}

function byWeight(candidates: readonly Route[], random: number, reasons: string[]): Route {
  const total = candidates.reduce((sum, route) => sum + route.weight, 0);
  let cumulative = 0;
  const chosen = candidates.find((route) => (cumulative += route.weight) > random * total) ?? candidates.at(-1)!;
  const shares = candidates.map((route) => `${route.name} ${route.weight}`).join(", ");
  reasons.push(
    candidates.length === 1
      ? `${chosen.name} is chosen: it is the only one left.`
      : `${chosen.name} is chosen at random, by weight: ${shares}.`,
  );
  return chosen;
}

function nobody(table: RoutingTable, capability: string, state: State): Problem {
  const routes = [...table.autopilots, ...state.registered.filter((route) => !isDeclared(table, route.name))];
  const available = new Set(routes.flatMap((route) => route.capabilities));
  const tasks = Object.keys(table.tasks).filter((task) => available.has(table.tasks[task]!.capability));
  const known = nearestNames(capability, [...tasks, ...available]);
  const nearest = known.length > 0 ? ` The nearest names are: ${known.join(", ")}.` : "";
  return new Problem({
    status: 404,
    title: unsupported(capability),
    slug: "unsupported-capability",
    detail: `${capability} is neither a task nor a capability of any autopilot.${nearest}`,
    members: { capability, known },
  });
}

function notReady(candidates: readonly Route[], capability: string, state: State): Problem {
  const missing = new Map(
    candidates.flatMap((route) => missingOf(route, state)).map((each) => [`${each.kind}\0${each.name}`, each]),
  );
  return new Problem({
    status: 503,
    title: NOT_READY,
    detail:
      `${capability} is what ${candidates.map((route) => route.name).join(", ")} can do, ` +
      "but what is needed for it is missing.",
    members: {
      capability,
      missing: [...missing.keys()].sort(byCodePoint).map((key) => missing.get(key)),
      hint: "Declare it under `needs` in autopilots.yaml, if it is not there yet, then run `python -m orchestrator heal`.",
    },
    headers: { "Retry-After": String(RETRY_AFTER_SECONDS) },
  });
}
