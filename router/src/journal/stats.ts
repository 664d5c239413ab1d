// GET /autopilot/stats: of each autopilot how many tasks it got, how many came to nothing, and how long they took. From
// the counts of whole hours (counts.ts), so it costs the same however many tasks there were.

import type { Call } from "../http/call.ts";
import { Query } from "../http/query.ts";
import { countWaiting } from "../later/outbox.ts";
import { type Count, countsBetween, DAY_MS, HOUR_MS } from "./counts.ts";
import { MAX_A_DAY } from "./journal.ts";

/** Figures by autopilot name; `unrouted` has the outcomes of tasks that went to none. */
export async function showStats({ url, env }: Call): Promise<Response> {
  const now = Date.now();
  const query = new Query(url.searchParams, now);
  const until = query.time("until") ?? now;
  const since = query.time("since") ?? until - DAY_MS;
  query.check();
  const [from, to] = [Math.floor(since / HOUR_MS) * HOUR_MS, Math.ceil((until + 1) / HOUR_MS) * HOUR_MS];
  const { counts, isCut, serial } = await countsBetween(env, from, to);
  const { runs, oldestAt, mostAttempts } = await countWaiting(env);
  const { "": unrouted = [], ...autopilots } = Object.groupBy(counts, ({ autopilot }) => autopilot);
  return Response.json({
    since: new Date(from).toISOString(),
    until: new Date(to).toISOString(),
    decisions: total(counts),
    complete: !isCut && serial < MAX_A_DAY,
    autopilots: Object.fromEntries(Object.entries(autopilots).map(([name, each]) => [name, figures(each!)])),
    unrouted: byOutcome(unrouted),
    waiting: {
      runs,
      oldestSeconds: oldestAt === null ? null : Math.max(0, Math.round((now - oldestAt) / 1000)),
      mostAttempts,
    },
  });
}

function figures(counts: readonly Count[]) {
  const decisions = total(counts);
  const errors = total(counts.filter(({ isError }) => isError));
  return {
    decisions,
    outcomes: byOutcome(counts),
    errors,
    errorRate: errors / decisions,
    latencyMs: { p50: percentile(counts, 50), p90: percentile(counts, 90), p99: percentile(counts, 99) },
  };
}

/** The least duration that so many per cent do not exceed (the nearest-rank method); null where none is known. */
export function percentile(counts: readonly Count[], percent: number): number | null {
  const timed = counts.filter(({ ms }) => ms !== undefined).sort((a, b) => a.ms! - b.ms!);
  const rank = Math.ceil((percent / 100) * total(timed));
  let seen = 0;
  return timed.find(({ count }) => (seen += count) >= rank)?.ms ?? null;
}

function byOutcome(counts: readonly Count[]): Record<string, number> {
  const outcomes: Record<string, number> = {};
  for (const { outcome, count } of counts) outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  return outcomes;
}

export function total(counts: readonly Count[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}
