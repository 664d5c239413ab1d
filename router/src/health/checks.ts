// What a scheduled run looks at: what is bound, the copy of the registrations, and the autopilots.

import { log } from "#worker-kit/log.ts";
import type { Env } from "../env.ts";
import { endpointRules } from "../forward/endpoint-rules.ts";
import { mendCopy, readCopiedRegistrations } from "../registry/copy.ts";
import type { Registration } from "../registry/registration.ts";
import type { Health, Snapshot } from "../snapshot.ts";
import { allRoutes, stateOf } from "../state.ts";
import { type Bound, checkBound } from "./bound.ts";
import { afterProbe } from "./hysteresis.ts";
import { inTurn, probeAll } from "./probe.ts";

/**
 * The free plan gives a run 50 subrequests. Without probes it makes 26, and six more where the schema is made; what is
 * left here is for a long list of the account, or a second try.
 */
const PROBES_A_RUN = 17;

export interface Findings extends Bound {
  readonly autopilots: Readonly<Record<string, Health>>;
  /** In the order in which their turn came. */
  readonly probed: readonly string[];
  /** Those whose turn comes with the next runs. */
  readonly waiting: readonly string[];
  readonly registryCopy: "in-step" | "rewritten" | "unreadable";
}

/** What is so at `at`, ISO 8601. Never throws: what cannot be found out stays as it was. */
export async function runChecks(
  env: Env,
  before: Snapshot | undefined,
  databaseError: unknown,
  at: string,
  requestId: string,
): Promise<Findings> {
  const bound = await checkBound(env, before ?? {}, databaseError, requestId);
  const { registrations, registryCopy } = await readRegistry(env, requestId);
  const routes = allRoutes(stateOf(undefined, registrations));
  const turn = inTurn(routes, before?.probedUpTo ?? "", PROBES_A_RUN);
  const autopilots: Record<string, Health> = {};
  for (const { name } of routes) {
    const known = before?.autopilots[name];
    if (known) autopilots[name] = known;
  }
  for (const [{ name }, probe] of await probeAll(turn, env, endpointRules(env), requestId)) {
    autopilots[name] = afterProbe(autopilots[name], probe, at);
  }
  const probed = turn.map(({ name }) => name);
  const waiting = routes.map(({ name }) => name).filter((name) => !probed.includes(name));
  return { ...bound, autopilots, probed, waiting, registryCopy };
}

async function readRegistry(env: Env, requestId: string) {
  try {
    const { registrations, wasInStep } = await mendCopy(env, requestId);
    return { registrations, registryCopy: wasInStep ? "in-step" : "rewritten" } as const;
  } catch (error) {
    log("the copy of the registrations could not be compared", requestId, error);
    const registrations = await readCopiedRegistrations(env, requestId).catch((): readonly Registration[] => []);
    return { registrations, registryCopy: "unreadable" } as const;
  }
}
