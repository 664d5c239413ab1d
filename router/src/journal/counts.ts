// The journal's counts: how many tasks each autopilot got in each hour and each day, by outcome and duration. An entry is
// looked at once, by the scheduled run or when figures are asked for, and is then in the rows of its hour and its day:
// so what figures cost does not depend on how many tasks there were.
//
// The journal's order is the order in which it was written (journal.ts), so one place in it tells what is counted.
// Counting and moving that place on are one transaction of D1: no entry is counted twice or left out, whoever counts.
// The duration is kept to two significant figures, for percentiles without the entries.

import { database } from "../database.ts";
import type { Env } from "../env.ts";
import { OUTCOME } from "./journal.ts";

export const HOUR_MS = 60 * 60 * 1000;
export const DAY_MS = 24 * HOUR_MS;
/** Entries that one transaction counts, and how many transactions one run or call makes. */
const AT_ONCE = 2_000;
const TIMES = 3;
/** Entries not counted yet that a call for figures looks at as they are. */
const MAX_UNCOUNTED = 500;
/** Rows of hours and days that a call for figures reads: a year of days, and the hours at both ends. */
const MAX_READ = 420;

const rounded = (step: number) => `duration_ms / ${step} * ${step}`;
const KEY = `coalesce(autopilot, '') || ' ' || ${OUTCOME} || ' ' || coalesce(CASE
    WHEN duration_ms < 100 THEN duration_ms
    WHEN duration_ms < 1000 THEN ${rounded(10)}
    WHEN duration_ms < 10000 THEN ${rounded(100)}
    WHEN duration_ms < 100000 THEN ${rounded(1000)}
    ELSE ${rounded(10000)}
  END, '') || ' ' || iif(${OUTCOME} IN ('not-sent', 'unknown') OR status >= 500, 1, 0)`;
const UNCOUNTED = `
  SELECT * FROM journal
  WHERE (at, id) > ((SELECT at FROM journal_counted), (SELECT id FROM journal_counted)) ORDER BY at, id`;
/** The `entries` by hour or day: one row each, as in the table. */
const grouped = (entries: string, units: string) => `
  SELECT unit, start, json_group_object(key, n) AS counts, max(serial) AS serial
  FROM (
    SELECT unit, at - at % unit AS start, ${KEY} AS key, count(*) AS n, max(serial) AS serial
    FROM (${entries}), (SELECT value AS unit FROM json_each('${units}'))
    WHERE kind = 'plan' GROUP BY 1, 2, 3
  )
  GROUP BY unit, start`;
const SUM = `
  SELECT json_group_object(key, n) FROM (
    SELECT key, sum(value) AS n
    FROM (SELECT key, value FROM json_each(journal_counts.counts) UNION ALL SELECT key, value FROM json_each(excluded.counts))
    GROUP BY key
  )`;
const COUNT = `
  INSERT INTO journal_counts (unit, start, counts, serial)
  SELECT * FROM (${grouped(`${UNCOUNTED} LIMIT ${AT_ONCE}`, `[${HOUR_MS}, ${DAY_MS}]`)}) WHERE true
  ON CONFLICT (unit, start) DO UPDATE SET counts = (${SUM}), serial = max(serial, excluded.serial)`;
const GO_ON = `
  UPDATE journal_counted SET at = last.at, id = last.id
  FROM (SELECT at, id FROM (${UNCOUNTED} LIMIT ${AT_ONCE}) ORDER BY at DESC, id DESC LIMIT 1) AS last`;
// ?1 since, ?2 until; ?3 and ?4 the first and the last end of a whole day between them
const COUNTED = `
  SELECT * FROM (
    SELECT start, counts, serial FROM journal_counts WHERE unit = ${DAY_MS} AND start >= ?3 AND start < ?4
    UNION ALL SELECT start, counts, serial FROM journal_counts WHERE unit = ${HOUR_MS} AND start >= ?1 AND start < min(?2, ?3)
    UNION ALL SELECT start, counts, serial FROM journal_counts WHERE unit = ${HOUR_MS} AND start >= max(?3, ?4) AND start < ?2
  ) ORDER BY start DESC LIMIT ${MAX_READ}`;
const REST = `
  SELECT start, counts, serial
  FROM (${grouped(`${UNCOUNTED} LIMIT ${MAX_UNCOUNTED}`, `[${HOUR_MS}]`)}) WHERE start >= ?1 AND start < ?2`;
const IS_CUT = `SELECT 1 FROM (${UNCOUNTED} LIMIT 1 OFFSET ${MAX_UNCOUNTED})`;

interface Row {
  readonly start: number;
  readonly counts: string;
  readonly serial: number;
}

/** Tasks of one kind. */
export interface Count {
  /** "" of tasks that went to none. */
  readonly autopilot: string;
  readonly outcome: string;
  /** Milliseconds, rounded down; undefined where no duration is known. */
  readonly ms: number | undefined;
  /** That they came to nothing, or nobody knows to what, by no doing of their caller; a refused request (4xx) is none. */
  readonly isError: boolean;
  readonly count: number;
}

/** Counts what has been written since the last time, up to a bound: the next one continues. */
export async function count(env: Env): Promise<void> {
  const db = await database(env);
  for (let times = 0; times < TIMES; times++) {
    const [, moved] = await db.batch([db.prepare(COUNT), db.prepare(GO_ON)]);
    if (moved!.meta.changes === 0) return;
    if ((await db.prepare(IS_CUT).first()) === null) return;
  }
}

/** The tasks from `since` to `until`, both at the beginning of an hour, with what tells whether these are all. */
export async function countsBetween(env: Env, since: number, until: number) {
  let [rows, isCut] = await read(env, since, until);
  if (isCut) {
    await count(env);
    [rows, isCut] = await read(env, since, until);
  }
  const sums = new Map<string, number>();
  for (const { counts } of rows) {
    const each = Object.entries(JSON.parse(counts) as Record<string, number>);
    for (const [key, n] of each) sums.set(key, (sums.get(key) ?? 0) + n);
  }
  return {
    counts: [...sums].map(([key, n]): Count => {
      const [autopilot, outcome, ms, error] = key.split(" ") as [string, string, string, string];
      return { autopilot, outcome, ms: ms === "" ? undefined : Number(ms), isError: error === "1", count: n };
    }),
    isCut: isCut || rows.length >= MAX_READ,
    serial: Math.max(0, ...rows.map(({ serial }) => serial)),
  };
}

async function read(env: Env, since: number, until: number): Promise<[readonly Row[], boolean]> {
  const db = await database(env);
  const [days, end] = [Math.ceil(since / DAY_MS) * DAY_MS, Math.floor(until / DAY_MS) * DAY_MS];
  const [counted, rest, more] = await db.batch<Row>([
    db.prepare(COUNTED).bind(since, until, days, end),
    db.prepare(REST).bind(since, until),
    db.prepare(IS_CUT),
  ]);
  return [[...counted!.results, ...rest!.results], more!.results.length > 0];
}
