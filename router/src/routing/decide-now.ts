// The decision on a task, from what is known now.
//
// A task that one declared autopilot alone can do costs no storage read: the last one is never left out, so its health
// changes nothing, and what is missing is known from the isolate's memory, looked after once a minute beside the task.
// Where there is something to choose, or to refuse, the snapshot is read, at most once a minute.
// docs/decisions/0013-health-checks.md says why.

import routingTable from "routing-table";
import { pausedNames } from "../forward/circuits.ts";
import type { Call } from "../http/call.ts";
import { readCopiedRegistrations, readRegistrations } from "../registry/copy.ts";
import { isDue, knownSnapshot, readSnapshot } from "../snapshot.ts";
import { stateOf } from "../state.ts";
import { type Decision, decide, type Refusal, type State } from "./decide.ts";
import { ruleOf } from "./table.ts";

/**
 * The decision on `task`. Registrations are read only where no declared autopilot can do it, and the record only where
 * the copy knows nobody either: what was registered a moment ago, elsewhere, is found all the same. `owner` has a run of
 * it, and is asked before all others.
 */
export async function decideNow(
  { env, requestId, later }: Pick<Call, "env" | "requestId" | "later">,
  task: string,
  owner?: string,
): Promise<Decision | Refusal> {
  const { capability } = ruleOf(routingTable, task);
  const able = routingTable.autopilots.filter(({ capabilities }) => capabilities.includes(capability)).length;
  const known = able === 1 ? knownDecision(task) : undefined;
  if (known) {
    if (isDue()) later(readSnapshot(env, requestId).then(() => undefined));
    return known;
  }
  const snapshot = await readSnapshot(env, requestId);
  if (able > 0) return decideWith(task, stateOf(snapshot), owner);
  const copied = await readCopiedRegistrations(env, requestId);
  const isCopied = copied.some((each) => each.capabilities.includes(capability) && !isDeclared(each.name));
  return decideWith(task, stateOf(snapshot, isCopied ? copied : await readRegistrations(env, requestId)), owner);
}

let kept = { snapshot: knownSnapshot(), decisions: new Map<string, Decision>() };

/**
 * The decision by what this isolate knows on a task that one declared autopilot alone can do; undefined for a refusal.
 * It is kept until the snapshot changes, unless somebody is left alone for a while: there are as many as names in the table.
 */
function knownDecision(task: string): Decision | undefined {
  const snapshot = knownSnapshot();
  if (kept.snapshot !== snapshot) kept = { snapshot, decisions: new Map() };
  const isSteady = pausedNames(routingTable.autopilots, Date.now()).length === 0;
  const before = isSteady ? kept.decisions.get(task) : undefined;
  if (before) return before;
  const outcome = decideWith(task, stateOf(snapshot));
  if ("problem" in outcome) return undefined;
  if (isSteady) kept.decisions.set(task, outcome);
  return outcome;
}

function decideWith(task: string, state: State, owner?: string): Decision | Refusal {
  return decide(routingTable, task, state, Math.random(), owner);
}

function isDeclared(name: string): boolean {
  return routingTable.autopilots.some((route) => route.name === name);
}
