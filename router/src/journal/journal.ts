// The journal: who asked for what, where it went, what became of it, and how long that took. One row of D1 for each
// decision, written after the answer; never what a task carries (`meta`), a token or a secret: what is written is the
// fixed list of fields of JournalEntry.
//
// D1's free plan takes 100,000 written rows a day and 500 MB a database, which the claims of payouts share. So a row has
// no index but its key (an index counts as one more row written), a day has at most MAX_A_DAY rows, and what is pruned,
// which counts as written too, is bounded likewise. docs/decisions/0012-journal.md has the sums.

import { log } from "#worker-kit/log.ts";
import { database } from "../database.ts";
import type { Env } from "../env.ts";
import type { Call } from "../http/call.ts";

export interface JournalEntry {
  /** What kind of event: `plan` for a task, `health`, `infra`, `heal`, `registry`, …. */
  readonly kind: string;
  /** The name of the caller's token; empty where nobody called. */
  readonly caller: string;
  readonly task?: string | undefined;
  readonly capability?: string | undefined;
  readonly autopilot?: string | undefined;
  /** One word: what became of it. */
  readonly outcome: string;
  /** The HTTP status that was answered. */
  readonly status?: number | undefined;
  readonly durationMs?: number | undefined;
  /** A short text of the router's own; never what a caller or an autopilot said. */
  readonly detail?: string | undefined;
}

export const MAX_A_DAY = 40_000;
const MAX_TEXT = 256; // characters of a field: a task's name comes from the caller
/** Entries that arrive within this time are one write. */
const GATHER_MS = 100;
/** Of a write so late it is taken that the request which should do it was stopped: the next entry sees to another. */
const LATE_MS = 1_000;
/** In each scheduled run, 96 a day: more than come in. */
const PRUNED_AT_ONCE = 500;
const DEFAULT_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

const FIELDS = "at, id, request_id, kind, caller, task, capability, autopilot, outcome, status, duration_ms, detail";
// ?1 the entries as JSON, ?2 when the last one's day began. `serial` counts a day's rows; it is what ends a full day.
const INSERT = `
  INSERT INTO journal (${FIELDS}, serial)
  SELECT ${FIELDS.split(", ").map((_, index) => `value ->> ${index}`)}, serial + key + 1
  FROM json_each(?1), (
    SELECT coalesce((SELECT serial FROM journal WHERE at >= ?2 ORDER BY at DESC, id DESC LIMIT 1), 0) AS serial
  )
  WHERE serial + key < ${MAX_A_DAY}`;
const DELETE = `
  DELETE FROM journal WHERE (at, id) IN (
    SELECT at, id FROM journal WHERE at < ?1 ORDER BY at, id LIMIT ${PRUNED_AT_ONCE}
  )`;

type Row = readonly (string | number | null)[];

let pending: Row[] = [];
let writeAt = 0; // when what is pending is to be written, if somebody has said so

/** Queues the entry's write, for after the answer. Never throws: what cannot be written is said in the log. */
export function record(
  { env, later, requestId }: Pick<Call, "env" | "later" | "requestId">,
  entry: JournalEntry,
): void {
  if (!env.DB) return;
  const { kind, caller, task, capability, autopilot, outcome, status, durationMs, detail } = entry;
  const texts = [requestId, kind, caller, task, capability, autopilot, outcome].map(clipped);
  const id = Math.floor(Math.random() * 2 ** 48); // tells rows of the same millisecond apart
  const now = Date.now();
  pending.push([now, id, ...texts, whole(status), whole(durationMs), clipped(detail)]);
  if (now < writeAt + LATE_MS) return;
  writeAt = now + GATHER_MS;
  later(write(env, requestId));
}

/** Removes what is older than JOURNAL_DAYS, up to a bound: the next run goes on. Answers how many rows went. */
export async function prune(env: Env): Promise<number> {
  const days = Number(env.JOURNAL_DAYS);
  const before = Date.now() - (days >= 1 ? days : DEFAULT_DAYS) * DAY_MS;
  const { meta } = await (await database(env)).prepare(DELETE).bind(before).run();
  return meta.changes;
}

/** Waits for more entries and writes them all. */
async function write(env: Env, requestId: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
  const rows = pending;
  pending = [];
  writeAt = 0;
  if (rows.length === 0) return;
  try {
    const last = rows.at(-1)![0] as number;
    const insert = (await database(env)).prepare(INSERT);
    await insert.bind(JSON.stringify(rows), last - (last % DAY_MS)).run();
  } catch (error) {
    log(`${rows.length} entries of the journal could not be written`, requestId, error);
  }
}

function clipped(text: string | undefined): string | null {
  return text?.slice(0, MAX_TEXT).toWellFormed() ?? null;
}

/** STRICT columns take no fraction, and one bad row would be the end of the whole write. */
function whole(number: number | undefined): number | null {
  return number === undefined ? null : Math.round(number);
}
