// Whether what the orchestrator was given is really there. A binding stays when its namespace or database is deleted in
// the dashboard, so the router uses each of its own; the rest of what autopilots.yaml declares is looked up in the
// account, where the stack gives the Worker a token for that.
//
// Nothing is missing until it is: only the word that it is not there counts at once. Any other error may be over in a
// moment, so it has to come in three runs one after another.

import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import { missingResources, readAccount } from "../account/account.ts";
import type { Env } from "../env.ts";
import type { Missing } from "../routing/decide.ts";
import type { Snapshot } from "../snapshot.ts";
import { nameOf, without } from "./news.ts";

const NAMESPACE: Missing = { kind: "kvNamespace", name: "REGISTRY" };
const DATABASE: Missing = { kind: "d1Database", name: "DB" };

export interface Bound {
  readonly missing: readonly Missing[];
  readonly doubts: Readonly<Record<string, number>>;
  /** Whether the account could be looked into. */
  readonly account: "read" | "not-configured" | "unreadable";
}

const RUNS_IN_DOUBT = 3;

/**
 * What is missing; of the account, where it cannot be read, what was when it last could be. `databaseError`: why D1 could
 * not be used.
 */
export async function checkBound(
  env: Env,
  { missing: before = [], doubts: doubted = {} }: Partial<Pick<Snapshot, "missing" | "doubts">>,
  databaseError: unknown,
  requestId: string,
): Promise<Bound> {
  const doubts: Record<string, number> = {};
  const errors = [
    [NAMESPACE, await namespaceError(env, requestId)],
    [DATABASE, databaseError],
  ] as const;
  const own = errors
    .filter(([resource, error]) => {
      if (error === undefined) return false;
      const name = nameOf(resource);
      doubts[name] = (doubted[name] ?? 0) + 1;
      const wasMissing = before.some((each) => nameOf(each) === name);
      return isNotThere(error) || wasMissing || doubts[name] >= RUNS_IN_DOUBT;
    })
    .map(([resource]) => resource);
  try {
    const contents = await readAccount(env);
    if (!contents) return { missing: own, doubts, account: "not-configured" };
    return { missing: [...own, ...without(missingResources(contents, env), own)], doubts, account: "read" };
  } catch (error) {
    log("the account could not be read", requestId, error);
    return { missing: [...own, ...without(before, [NAMESPACE, DATABASE])], doubts, account: "unreadable" };
  }
}

async function namespaceError({ REGISTRY }: Env, requestId: string): Promise<unknown> {
  try {
    await REGISTRY!.get("snapshot");
    return undefined;
  } catch (error) {
    log("REGISTRY could not be read", requestId, error);
    return error;
  }
}

/** Nothing is bound (a problem of ours), or nothing that can be used (a TypeError), or it says that it is not there. */
function isNotThere(error: unknown): boolean {
  return error instanceof Problem || error instanceof TypeError || /not found|not exist|404/i.test(String(error));
}
