// The decision on a task, from what is known now.
//
// A task that one declared autopilot alone can do costs no storage read: the last one is never left out, so its health
// changes nothing, and what is missing is known from the isolate's memory, looked after once a minute beside the task.
// Where there is something to choose, or to refuse, the snapshot is read, at most once a minute.
// docs/decisions/0013-health-checks.md says why.

import routingTable from "routing-table";
import type { Call } from "../http/call.ts";
import { readCopiedRegistrations, readRegistrations } from "../registry/copy.ts";
import { isDue, knownSnapshot, readSnapshot } from "../snapshot.ts";
import { stateOf } from "../state.ts";
import { type Decision, decide, type Refusal, type State } from "./decide.ts";

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
  const copied = decideWith(stateOf(snapshot, await readCopiedRegistrations(env, requestId)));
  if (!isNobody(copied)) return copied;
  return decideWith(stateOf(snapshot, await readRegistrations(env, requestId)));
}

function isAlone({ capability }: Decision): boolean {
  return routingTable.autopilots.filter(({ capabilities }) => capabilities.includes(capability)).length === 1;
}

function isNobody(outcome: Decision | Refusal): boolean {
  return "problem" in outcome && outcome.problem.status === 404;
}
