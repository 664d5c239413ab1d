// GET /autopilot/stats: of each autopilot how many tasks it got, how many came to nothing, and how long they took.
//
// D1 counts, by autopilot, outcome and duration to two significant figures: so neither the Worker's memory nor its 10 ms
// of CPU depend on how many tasks there were, and each is looked at twice, by the scan and by the grouping. (Window
// functions give exact percentiles, and look at each ten times.)

import { database } from "../database.ts";
import type { Call } from "../http/call.ts";
import { Query } from "../http/query.ts";
import { MAX_A_DAY } from "./journal.ts";

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

/** Figures by autopilot name; `unrouted` has the outcomes of tasks that went to none. */
export async function showStats({ url, env }: Call): Promise<Response> {
  const now = Date.now();
  const query = new Query(url.searchParams, now);
  const until = query.time("until") ?? now + 1;
  const since = query.time("since") ?? until - DEFAULT_MS;
  query.check();
  const { results } = await (await database(env)).prepare(COUNTS).bind(since, until).all<Count>();
  const decisions = total(results);
  const isCut = decisions === MAX_COUNTED;
  const { "": unrouted = [], ...autopilots } = Object.groupBy(results, ({ autopilot }) => autopilot ?? "");
  return Response.json({
    since: new Date(isCut ? Math.min(...results.map(({ first }) => first)) : since).toISOString(),
    until: new Date(until).toISOString(),
    decisions,
    complete: !isCut && results.every(({ serial }) => serial < MAX_A_DAY),
    autopilots: Object.fromEntries(Object.entries(autopilots).map(([name, counts]) => [name, figures(counts!)])),
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
  const timed = counts.filter(({ ms }) => ms !== null).sort((a, b) => a.ms! - b.ms!);
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
