// GET /autopilot/usage: what the day (of R2: the month) has used of the free plan. As Cloudflare says, where it was asked
// today (analytics.ts): about, and of the whole account; else by our own counts, which know the tasks alone.

import freePlan from "free-plan";
import type { Env } from "../env.ts";
import type { Call } from "../http/call.ts";
import { countsBetween, DAY_MS } from "../journal/counts.ts";
import { MAX_A_DAY } from "../journal/journal.ts";
import { total } from "../journal/stats.ts";
import { readSnapshot } from "../snapshot.ts";
import type { AccountUse } from "./analytics.ts";

/** Names as in orchestrator/limits/plans.py; `journalEntries` are bounded by the router itself. */
interface Use {
  readonly name: string;
  readonly used: number;
  readonly limit: number;
  readonly per: "day" | "month";
}

export interface FreePlanUse {
  readonly source: "cloudflare" | "own";
  /** As of when. */
  readonly at: string;
  /** Why it is not what Cloudflare says; null where it is. */
  readonly reason: string | null;
  readonly resources: readonly Use[];
}

type Counted = Awaited<ReturnType<typeof countsBetween>>;

export async function showUsage({ env, requestId }: Call): Promise<Response> {
  const now = Date.now();
  const [snapshot, counted] = await Promise.all([readSnapshot(env, requestId), countedToday(env, now)]);
  return Response.json(freePlanUse(env, snapshot?.accountUse, counted, now));
}

/** The tasks since midnight UTC. */
export function countedToday(env: Env, now: number): Promise<Counted> {
  const midnight = Math.floor(now / DAY_MS) * DAY_MS;
  return countsBetween(env, midnight, midnight + DAY_MS);
}

export function freePlanUse(
  env: Env,
  account: AccountUse | undefined,
  { counts, serial }: Counted,
  now: number,
): FreePlanUse {
  const at = new Date(now).toISOString();
  const reason = whyOwn(env, account, at);
  const used = reason === null ? account!.used! : { requests: total(counts) };
  return {
    source: reason === null ? "cloudflare" : "own",
    at: reason === null ? account!.at : at,
    reason,
    resources: [
      ...Object.entries(freePlan)
        .filter(([name]) => used[name] !== undefined)
        .map(([name, [per, limit]]) => ({ name, used: used[name]!, limit, per })),
      { name: "journalEntries", used: Math.min(serial, MAX_A_DAY), limit: MAX_A_DAY, per: "day" },
    ],
  };
}

function whyOwn({ CLOUDFLARE_ANALYTICS_TOKEN: token }: Env, account: AccountUse | undefined, at: string) {
  if (!token) return "The stack has no analyticsToken, so Cloudflare is not asked.";
  if (account?.at.slice(0, 10) !== at.slice(0, 10))
    return "Cloudflare was not asked today yet: the scheduled run does.";
  if (account.used?.requests === undefined)
    return `Cloudflare did not say: ${account.why ?? "no requests of Workers."}`;
  return null;
}
