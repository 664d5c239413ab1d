// What the decision is told beside the table. A capability that the table has costs no read at all.

import routingTable from "routing-table";
import { decide, type Decision, type Refusal, type State } from "./decide.ts";
import type { Env } from "./env.ts";
import { routeOf, undeclared, type Registration } from "./registration.ts";
import { copiedRegistrations, recordedRegistrations } from "./registry-copy.ts";

export const DECLARED: State = { statuses: {}, registered: [], missing: {} };

/** The state with these registrations; what one needs and the file does not declare is missing. */
export function withRegistrations(registrations: readonly Registration[]): State {
  const missing = registrations.map((each) => [each.name, undeclared(each, routingTable.declared)] as const);
  return { ...DECLARED, registered: registrations.map(routeOf), missing: Object.fromEntries(missing) };
}

/**
 * The decision on `task`. Registrations are read only where no declared autopilot can do it, and the record only where
 * the copy knows nobody either: what was registered a moment ago, elsewhere, is found all the same.
 */
export async function decideNow(env: Env, task: string, requestId: string): Promise<Decision | Refusal> {
  const random = Math.random();
  const decideWith = (state: State) => decide(routingTable, task, state, random);
  const declared = decideWith(DECLARED);
  if (!isNobody(declared)) return declared;
  const copied = decideWith(withRegistrations(await copiedRegistrations(env, requestId)));
  return isNobody(copied) ? decideWith(withRegistrations(await recordedRegistrations(env, requestId))) : copied;
}

function isNobody(outcome: Decision | Refusal): boolean {
  return "problem" in outcome && outcome.problem.status === 404;
}
