// Whether what the orchestrator was given is really there. A binding stays when its namespace or database is deleted in
// the dashboard, so the router uses each of its own; the rest of what autopilots.yaml declares is looked up in the
// account, where the stack gives the Worker a token for that.

import { log } from "#worker-kit/log.ts";
import { missingResources, readAccount } from "../account/account.ts";
import type { Env } from "../env.ts";
import type { Missing } from "../routing/decide.ts";
import { without } from "./news.ts";

const NAMESPACE: Missing = { kind: "kvNamespace", name: "REGISTRY" };
const DATABASE: Missing = { kind: "d1Database", name: "DB" };

export interface Bound {
  readonly missing: readonly Missing[];
  /** Whether the account could be looked into. */
  readonly account: "read" | "not-configured" | "unreadable";
}

/** What is missing; of the account, where it cannot be read, what was when it last could be. */
export async function checkBound(
  env: Env,
  before: readonly Missing[],
  hasDatabase: boolean,
  requestId: string,
): Promise<Bound> {
  const own = [...((await hasNamespace(env, requestId)) ? [] : [NAMESPACE]), ...(hasDatabase ? [] : [DATABASE])];
  try {
    const contents = await readAccount(env);
    if (!contents) return { missing: own, account: "not-configured" };
    return { missing: [...own, ...without(missingResources(contents, env), own)], account: "read" };
  } catch (error) {
    log("the account could not be read", requestId, error);
    return { missing: [...own, ...without(before, [NAMESPACE, DATABASE])], account: "unreadable" };
  }
}

async function hasNamespace({ REGISTRY }: Env, requestId: string): Promise<boolean> {
  try {
    await REGISTRY!.get("snapshot");
    return true;
  } catch (error) {
    log("REGISTRY could not be read", requestId, error);
    return false;
  }
}
