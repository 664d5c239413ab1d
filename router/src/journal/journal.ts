// The journal: who asked for what, where it went, what became of it, and how long that took. One row of D1 for each
// decision, written after the answer; never what a task carries (`meta`), a token or a secret: what is written is the
// fixed list of fields of JournalEntry.
//
// D1's free plan takes 100,000 written rows a day and 500 MB a database, which the claims of payouts share. So a row has
// no index but its key (an index counts as one more row written), a day has at most MAX_A_DAY rows of tasks, and what is
// pruned, which counts as written too, is bounded likewise. docs/decisions/0012-journal.md has the sums.
//
// The bound is exact from any number of isolates. One statement reads how many the day has and writes the entries, and
// D1 runs one statement at a time; the number stands in the newest row, and what is written becomes the newest row,
// though another isolate's clock was ahead: then its time is taken.

import { log } from "#worker-kit/log.ts";
import { database } from "../database.ts";
import type { Env } from "../env.ts";
import type { Call } from "../http/call.ts";
import type { EntryOutcome, Kind } from "./words.ts";

export interface JournalEntry {
  /** What kind of event: `plan` for a task. */
  readonly kind: Kind;
  /** The name of the caller's token; empty where nobody called. */
  readonly caller: string;
  readonly task?: string | undefined;
  readonly capability?: string | undefined;
  readonly autopilot?: string | undefined;
  /** One word: what became of it. */
  readonly outcome: EntryOutcome;
  /** The HTTP status that was answered. */
  readonly status?: number | undefined;
  readonly durationMs?: number | undefined;
  /** A short text of the router's own; never what a caller or an autopilot said. */
  readonly detail?: string | undefined;
  /** That a task was sent which is never done twice: it is written though the day is full. */
  readonly isGuarded?: boolean | undefined;
}

/** Entries of tasks; those of the router's own doing, and of what is never done twice, come on top. */
export const MAX_A_DAY = 30_000;
/** When a day has so many, one in SAMPLED of the requests that were wrong is written: they are not to fill it. */
const MAX_BEFORE_SAMPLING = 5_000;
const SAMPLED = 20;
const WRONG = new Set(["invalid", "nobody"]);
const MAX_TEXT = 256; // characters of a field: a task's name comes from the caller
/** Entries that arrive within this time are one write. */
const GATHER_MS = 100;
/** Of a write so late it is taken that the request which should do it was stopped: the next entry sees to another. */
const LATE_MS = 1_000;
/** In each scheduled run, 96 a day: more than come in. */
const PRUNED_AT_ONCE = 400;
const DEFAULT_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Entries of before November 2026 have other words for two outcomes: they are read as they are written today. */
export const OUTCOME = `CASE outcome WHEN 'autopilot-refused' THEN 'rejected' WHEN 'autopilot-error' THEN 'unknown'
  ELSE outcome END`;

const FIELDS = "request_id, kind, caller, task, capability, autopilot, outcome, status, duration_ms, detail";
/** Which bound holds for an entry. */
const FREE = 0;
const BOUND = 1;
const WRONG_ONE = 2;
// ?1 the entries as JSON: [class, its number within the class, at, …FIELDS]; ?2 when the last one's day began; ?3 and ?4
// how many are BOUND and WRONG_ONE. `serial` counts the day's bounded rows; it is what ends a full day. The newest row
// has the highest one, so each row gets what the day has after this write.
const INSERT = `
  INSERT INTO journal (at, id, serial, ${FIELDS})
  SELECT max(value ->> 2, newest), last_id + key + 1, serial + bound + wrong,
    ${FIELDS.split(", ").map((_, index) => `value ->> ${index + 3}`)}
  FROM json_each(?1), (
    SELECT *, iif(serial < ${MAX_BEFORE_SAMPLING}, min(?4, ${MAX_A_DAY} - serial - bound), 0) AS wrong
    FROM (
      SELECT *, max(min(?3, ${MAX_A_DAY} - serial), 0) AS bound
      FROM (
        SELECT coalesce(max(at), 0) AS newest, coalesce(max(id), 0) AS last_id,
          coalesce(max(iif(at >= ?2, serial, 0)), 0) AS serial
        FROM (SELECT at, id, serial FROM journal ORDER BY at DESC, id DESC LIMIT 1)
      )
    )
  )
  WHERE CASE value ->> 0 WHEN ${FREE} THEN 1 WHEN ${BOUND} THEN value ->> 1 < bound ELSE value ->> 1 < wrong END`;
const DELETE = `
  DELETE FROM journal WHERE (at, id) IN (
    SELECT at, id FROM journal WHERE at < ?1 ORDER BY at, id LIMIT ${PRUNED_AT_ONCE}
  )`;
// The counts of whole days and hours (counts.ts), of which there are few.
const DELETE_COUNTS = "DELETE FROM journal_counts WHERE unit IN (3600000, 86400000) AND start + unit <= ?1";

type Row = readonly (string | number | null)[];

const nothing = (): [Row[], Row[], Row[]] => [[], [], []];
let pending = nothing(); // by class
let writeAt = 0; // when what is pending is to be written, if somebody has said so

/** Queues the entry's write, for after the answer. Never throws: what cannot be written is said in the log. */
export function record(
  { env, later, requestId }: Pick<Call, "env" | "later" | "requestId">,
  entry: JournalEntry,
): void {
  if (!env.DB) return;
  const { kind, caller, task, capability, autopilot, outcome, status, durationMs, detail } = entry;
  const texts = [requestId, kind, caller, task, capability, autopilot, outcome].map(clipped);
  const now = Date.now();
  pending[classOf(entry)].push([now, ...texts, whole(status), whole(durationMs), clipped(detail)]);
  if (now < writeAt + LATE_MS) return;
  writeAt = now + GATHER_MS;
  later(write(env, requestId));
}

/** Removes what is older than JOURNAL_DAYS, up to a bound: the next run continues. Answers how many entries went. */
export async function prune(env: Env): Promise<number> {
  const days = Number(env.JOURNAL_DAYS);
  const before = Date.now() - (days >= 1 ? days : DEFAULT_DAYS) * DAY_MS;
  const db = await database(env);
  const [entries] = await db.batch([DELETE, DELETE_COUNTS].map((statement) => db.prepare(statement).bind(before)));
  return entries!.meta.changes;
}

/** Waits for more entries and writes them all. */
async function write(env: Env, requestId: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
  const classes = pending;
  pending = nothing();
  writeAt = 0;
  const rows = classes
    .flatMap((entries, each) => entries.map((entry, index) => [each, index, ...entry] as const))
    .sort((a, b) => Number(a[2]) - Number(b[2]));
  if (rows.length === 0) return;
  try {
    const last = Number(rows.at(-1)![2]);
    const insert = (await database(env)).prepare(INSERT);
    const counts = [classes[BOUND].length, classes[WRONG_ONE].length];
    await insert.bind(JSON.stringify(rows), last - (last % DAY_MS), ...counts).run();
  } catch (error) {
    log(`${rows.length} entries of the journal could not be written`, requestId, error);
  }
}

function classOf({ kind, outcome, isGuarded }: JournalEntry): 0 | 1 | 2 {
  if (kind !== "plan" || isGuarded) return FREE;
  return WRONG.has(outcome) && Math.random() * SAMPLED >= 1 ? WRONG_ONE : BOUND;
}

function clipped(text: string | undefined): string | null {
  return text?.slice(0, MAX_TEXT).toWellFormed() ?? null;
}

/** STRICT columns take no fraction, and one bad row would be the end of the whole write. */
function whole(number: number | undefined): number | null {
  return number === undefined ? null : Math.round(number);
}
