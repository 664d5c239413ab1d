// GET /autopilot/stats: of each autopilot how many tasks it got, how many came to nothing, and how long they took. From
// the counts of whole hours (counts.ts), so it costs the same however many tasks there were.

import type { Call } from "../http/call.ts";
import { Query } from "../http/query.ts";
import { type Count, countsBetween, DAY_MS, HOUR_MS } from "./counts.ts";
import { MAX_A_DAY } from "./journal.ts";

<<<<<<< Updated upstream
const DEFAULT_MS = 24 * 60 * 60 * 1000;
/** The newest ones of the time asked for: any full day, and less than 2 % of the rows that D1 reads a day for nothing. */
const MAX_COUNTED = MAX_A_DAY;
/** That a task came to nothing, or nobody knows to what, by no doing of its caller; a refused request (4xx) is none. */
const IS_ERROR = "outcome IN ('not-sent', 'unknown') OR status >= 500";

const rounded = (step: number) => `duration_ms / ${step} * ${step}`;
// ?1 since, ?2 until
const COUNTS = `
  SELECT autopilot, outcome, CASE
      WHEN duration_ms < 100 THEN duration_ms
      WHEN duration_ms < 1000 THEN ${rounded(10)}
      WHEN duration_ms < 10000 THEN ${rounded(100)}
      WHEN duration_ms < 100000 THEN ${rounded(1000)}
      ELSE ${rounded(10000)}
    END AS ms, count(*) AS count, count(*) FILTER (WHERE ${IS_ERROR}) AS errors, min(at) AS first, max(serial) AS serial
  FROM (
    SELECT * FROM journal WHERE at >= ?1 AND at < ?2 AND kind = 'plan' ORDER BY at DESC, id DESC LIMIT ${MAX_COUNTED}
  )
  GROUP BY autopilot, outcome, ms ORDER BY autopilot, outcome, ms`;

interface Count {
  /** null of tasks that went to none. */
  readonly autopilot: string | null;
  readonly outcome: string;
  /** Milliseconds, rounded down. */
  readonly ms: number | null;
  readonly count: number;
  readonly errors: number;
  readonly first: number;
  readonly serial: number;
}

=======
/** That a task came to nothing by the autopilot's doing; what a caller did wrong is none. */
const ERRORS = new Set(["autopilot-error", "not-sent", "rejected", "unknown"]);

>>>>>>> Stashed changes
/** Figures by autopilot name; `unrouted` has the outcomes of tasks that went to none. */
export async function showStats({ url, env }: Call): Promise<Response> {
  const now = Date.now();
  const query = new Query(url.searchParams, now);
  const until = query.time("until") ?? now;
  const since = query.time("since") ?? until - DAY_MS;
  query.check();
  const [from, to] = [Math.floor(since / HOUR_MS) * HOUR_MS, Math.ceil((until + 1) / HOUR_MS) * HOUR_MS];
  const { counts, isCut, serial } = await countsBetween(env, from, to);
  const { "": unrouted = [], ...autopilots } = Object.groupBy(counts, ({ autopilot }) => autopilot);
  return Response.json({
    since: new Date(from).toISOString(),
    until: new Date(to).toISOString(),
    decisions: total(counts),
    complete: !isCut && serial < MAX_A_DAY,
    autopilots: Object.fromEntries(Object.entries(autopilots).map(([name, each]) => [name, figures(each!)])),
    unrouted: byOutcome(unrouted),
  });
}

function figures(counts: readonly Count[]) {
  const decisions = total(counts);
  const errors = counts.reduce((sum, each) => sum + each.errors, 0);
  return {
    decisions,
    outcomes: byOutcome(counts),
    errors,
    errorRate: errors / decisions,
    latencyMs: { p50: percentile(counts, 50), p90: percentile(counts, 90), p99: percentile(counts, 99) },
  };
}

/** The least duration that so many per cent do not exceed (the nearest-rank method); null where none is known. */
function percentile(counts: readonly Count[], percent: number): number | null {
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

function total(counts: readonly Count[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}
