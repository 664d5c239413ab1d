// GET /autopilot/journal: what was decided, newest first, a page at a time.
//
// The journal has no index but time, and D1 counts each row that is looked at (5,000,000 a day on the free plan). So
// what a filter may look at for one page is bounded too: where that is reached, `next` continues from there, and a page
// may hold few entries or none although there are more.

import { database } from "../database.ts";
import type { Call } from "../http/call.ts";
import { Query } from "../http/query.ts";
import { OUTCOME } from "./journal.ts";
import { KINDS, OUTCOMES } from "./words.ts";

const PAGE = 50;
const MAX_PAGE = 500;
const MAX_SCANNED = 10_000;
/** The column of each parameter that filters, or what is read of it. */
const FILTERS = {
  autopilot: "autopilot",
  outcome: OUTCOME,
  task: "task",
  kind: "kind",
  caller: "caller",
  requestId: "request_id",
} as const;
/** Of these a filter takes known words only: a misspelt one would find nothing, and look like good news. */
const WORDS: Readonly<Record<string, readonly string[]>> = { kind: KINDS, outcome: OUTCOMES };
const FIELDS = `request_id AS requestId, kind, caller, task, capability, autopilot, ${OUTCOME} AS outcome, status,
  duration_ms AS durationMs, detail`;

/** A row's place in the journal. */
interface Place {
  readonly at: number;
  readonly id: number;
}

// ?1 to ?4: since, until, and the place after which the page begins, in the order of time from the newest on.
const SCANNED = `
  FROM journal WHERE at >= ?1 AND at < ?2 AND (at, id) < (?3, ?4)
  ORDER BY at DESC, id DESC LIMIT ${MAX_SCANNED}`;
const MATCHING = Object.values(FILTERS)
  .map((column, index) => `(?${index + 6} IS NULL OR ${column} = ?${index + 6})`)
  .join(" AND ");
const SELECT = `SELECT at, id, ${FIELDS} FROM (SELECT * ${SCANNED}) WHERE ${MATCHING} LIMIT ?5`;
const LAST_SCANNED = `SELECT at, id FROM (SELECT at, id ${SCANNED}) LIMIT 1 OFFSET ${MAX_SCANNED - 1}`;

/** `entries`, and `next`: the `cursor` of the page that follows, null where there is none. */
export async function showJournal({ url, env }: Call): Promise<Response> {
  const query = new Query(url.searchParams, Date.now());
  const since = query.time("since") ?? 0;
  const until = query.time("until") ?? Number.MAX_SAFE_INTEGER;
  const filters = Object.keys(FILTERS).map((name) => {
    const words = WORDS[name];
    return (words ? query.choice(name, words) : query.text(name)) ?? null;
  });
  const limit = query.integer("limit", 1, MAX_PAGE) ?? PAGE;
  const from = query.parsed("cursor", "must be the `next` of a page before", placeOf) ?? { at: until, id: 0 };
  query.check();
  const range = [since, until, from.at, from.id];
  const db = await database(env);
  const { results } = await db
    .prepare(SELECT)
    .bind(...range, limit + 1, ...filters)
    .all<Place>();
  const rows = results.slice(0, limit);
  const isFiltered = filters.some((value) => value !== null);
  const last =
    results.length > limit
      ? rows.at(-1)!
      : isFiltered
        ? await db
            .prepare(LAST_SCANNED)
            .bind(...range)
            .first<Place>()
        : null;
  const entries = rows.map(({ id, at, ...entry }) => ({ at: new Date(at).toISOString(), ...entry }));
  return Response.json({ entries, next: last && cursorOf(last) });
}

function cursorOf({ at, id }: Place): string {
  return `${at.toString(36)}.${id.toString(36)}`;
}

function placeOf(cursor: string): Place | undefined {
  const [at, id, ...more] = cursor
    .split(".")
    .map((part) => (/^[0-9a-z]{1,10}$/.test(part) ? Number.parseInt(part, 36) : NaN));
  return more.length === 0 && at! >= 0 && id! >= 0 ? { at: at!, id: id! } : undefined;
}
