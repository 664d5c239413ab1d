// The record of runs: what a caller asked for under an Idempotency-Key, and what became of it. One row each in D1.
//
// Every step is one statement that names the state it starts from, so that of two callers, or of a caller and an
// isolate that was thought dead, only one can take it. A run that nobody finished is not changed by anybody: that its
// time is over makes it `unknown` wherever it is read.

import { database } from "../database.ts";
import type { Env } from "../env.ts";
import { type Answer, textOf } from "../forward/answer.ts";
import type { Outcome } from "../forward/outcome.ts";

/**
 * `queued` (later/) → `running` → `done`, `not-done` (the same key may be used again), `unknown` (until a person resolves
 * it), or `dead`: its tries are used up.
 */
export const STATUSES = ["queued", "running", "done", "not-done", "unknown", "dead"] as const;
type RunStatus = (typeof STATUSES)[number];
export type Resolution = "done" | "not-done";

/** Of an answer; a longer one is not kept. D1's free plan has 500 MB for everything. */
const MAX_KEPT_BYTES = 256 * 1024;
const MOST_UNKNOWN = 100;
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** In each scheduled run: what is deleted counts as written, of which a day has 100,000 rows. */
const PRUNED_AT_ONCE = 200;

/** Times are milliseconds since 1970. */
export interface Claim {
  readonly id: string;
  readonly caller: string;
  readonly key: string;
  /** Of what was asked for: the same key with another one is a mistake. */
  readonly fingerprint: string;
  readonly task: string;
  readonly capability: string;
  readonly autopilot: string;
  readonly requestId: string;
  /** Random: whose claim it is. */
  readonly claim: string;
  readonly startedAt: number;
  /** When the lease ends: after this the run is taken to be abandoned. */
  readonly expiresAt: number;
}

export interface Run extends Omit<Claim, "claim"> {
  readonly status: RunStatus;
  /** How the last attempt ended; null while it runs, and where a person has said how. */
  readonly outcome: Outcome | null;
  readonly attempts: number;
  readonly createdAt: number;
  readonly finishedAt: number | null;
  /** The reason for the status, as a sentence. */
  readonly why: string | null;
  readonly answerStatus: number | null;
  readonly answerType: string | null;
  readonly answerEncoding: string | null;
  readonly answerRetryAfter: string | null;
  readonly answerBytes: number | null;
  /** JSON: a list of {resolution, by, at, note}. */
  readonly resolutions: string;
  /** 1 for a task with `once`. */
  readonly guarded: number;
  /** 1 where nobody waits for it. */
  readonly later: number;
  /** How many attempts it has. */
  readonly allowed: number;
  /** When a queued one is tried. */
  readonly dueAt: number | null;
  readonly callback: string | null;
  readonly callbackStatus: "waiting" | "told" | "failed" | null;
  /** Of which schedule it is. */
  readonly schedule: string | null;
}

/** Which runs, the newest first: those after `after`, in that order; null stands for any. */
export interface RunQuery {
  readonly since: number;
  readonly after: readonly [createdAt: number, id: string];
  readonly status: RunStatus | null;
  readonly task: string | null;
  readonly limit: number;
  /** Those of one caller alone. */
  readonly caller?: string | null;
}

/** With what is kept of the answer: a text, or bytes as D1 gives them. */
export interface KeptRun extends Run {
  readonly answer: string | readonly number[] | null;
}

/** How an attempt ended. */
export interface Ending {
  readonly status: Exclude<RunStatus, "running" | "queued">;
  readonly outcome: Outcome;
  readonly why?: string;
  readonly answer?: Answer;
}

// ?1 is always the present time.
const STATUS = "iif(status = 'running' AND expires_at < ?1, 'unknown', status)";
export const SHOWN = `caller, key, id, fingerprint, task, capability, autopilot, request_id AS requestId, ${STATUS} AS status,
  iif(${STATUS} = 'unknown', 'unknown', outcome) AS outcome, attempts, created_at AS createdAt, started_at AS startedAt, expires_at AS expiresAt, finished_at AS finishedAt, why,
  answer_status AS answerStatus, answer_type AS answerType, answer_encoding AS answerEncoding,
  answer_retry_after AS answerRetryAfter, answer_bytes AS answerBytes, resolutions,
  guarded, later, allowed, due_at AS dueAt, callback, callback_status AS callbackStatus, schedule`;
const CLAIM = `
  INSERT INTO runs (created_at, started_at, status, attempts, expires_at, id, caller, key, fingerprint, task,
    capability, autopilot, request_id, claim)
  VALUES (?1, ?1, 'running', 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
  ON CONFLICT (caller, key) DO UPDATE SET status = 'running', attempts = attempts + 1, started_at = ?1, expires_at = ?2,
    fingerprint = ?6, task = ?7, capability = ?8, autopilot = ?9, request_id = ?10, claim = ?11, finished_at = NULL,
    why = NULL, outcome = NULL, guarded = 1, later = 0, meta = NULL, due_at = NULL, callback = NULL, callback_status = NULL
  WHERE status = 'not-done' AND (fingerprint = ?6 OR outcome IN ('rejected', 'not-sent') AND resolutions = '[]')
  RETURNING attempts`;
// The key of a request that was refused is free for another one; where only a person says that nothing was done, it is
// so for the same request alone.
//
// The same write twice is no fault: the first one's answer may have been lost.
const FINISH = `
  UPDATE runs SET finished_at = ?1, status = ?4, meta = iif(?4 = 'done', NULL, meta), due_at = NULL,
    callback_status = iif(callback IS NULL, NULL, 'waiting'), why = ?5, answer_status = ?6, answer_type = ?7, answer_bytes = ?8,
    answer = ?9, outcome = ?10, answer_encoding = ?11, answer_retry_after = ?12
  WHERE id = ?2 AND claim = ?3 AND (status = 'running' OR finished_at = ?1)
  RETURNING id`;
const RESOLVE = `
  UPDATE runs SET finished_at = ?1, status = ?3, outcome = NULL, meta = iif(?3 = 'done', NULL, meta), resolutions = json_insert(resolutions, '$[#]',
    json_object('resolution', ?3, 'by', ?4, 'at', ?5, 'note', ?6))
  WHERE id = ?2 AND ${STATUS} = 'unknown'
  RETURNING id`;
const UNSETTLED = "runs INDEXED BY runs_unsettled WHERE status IN ('running', 'unknown') AND";
// Of `from`: all runs, or those alone that are not settled, of which the index knows.
const list = (from: string) => `
  SELECT ${SHOWN} FROM ${from} created_at >= ?2 AND (created_at, id) < (?3, ?4) AND (?5 IS NULL OR ${STATUS} = ?5)
    AND (?6 IS NULL OR task = ?6) AND (?8 IS NULL OR caller = ?8)
  ORDER BY created_at DESC, id DESC LIMIT ?7`;
const PRUNE = `
  DELETE FROM runs WHERE id IN (
    SELECT id FROM runs WHERE created_at < ?1 AND finished_at < ?1 AND (status IN ('done', 'not-done', 'dead') OR NOT guarded)
    ORDER BY created_at LIMIT ${PRUNED_AT_ONCE}
  )`;

/** The run of that caller and key; `attempt` is its number where the claim is now ours. */
export async function writeClaim(env: Env, claim: Claim): Promise<{ run: KeptRun; attempt: number | undefined }> {
  const db = await database(env);
  const { startedAt, expiresAt, id, caller, key, fingerprint, task, capability, autopilot, requestId } = claim;
  const values = [startedAt, expiresAt, id, caller, key, fingerprint, task, capability, autopilot, requestId];
  const [claimed, found] = await db.batch<KeptRun & { attempts: number }>([
    db.prepare(CLAIM).bind(...values, claim.claim),
    db.prepare(`SELECT ${SHOWN}, answer FROM runs WHERE id = ?2`).bind(startedAt, id),
  ]);
  return { run: found!.results[0]!, attempt: claimed!.results[0]?.attempts };
}

/** Ends the attempt of that claim; false where it is not running any more. */
export async function writeEnding(
  env: Env,
  { id, claim }: Pick<Claim, "id" | "claim">,
  ending: Ending,
  at: number,
): Promise<boolean> {
  const { status, why = null, answer } = ending;
  const { byteLength = null } = answer?.body ?? {};
  const kept = answer && byteLength! <= MAX_KEPT_BYTES ? (textOf(answer.body) ?? answer.body) : null;
  const told = [answer?.status ?? null, answer?.type ?? null, byteLength, kept];
  const beside = [answer?.encoding ?? null, answer?.retryAfter ?? null];
  return (
    (await (
      await database(env)
    )
      .prepare(FINISH)
      .bind(at, id, claim, status, why, ...told, ending.outcome, ...beside)
      .first()) !== null
  );
}

/** The run with that id, without its answer. */
export async function findRun(env: Env, id: string): Promise<Run | null> {
  return (await database(env)).prepare(`SELECT ${SHOWN} FROM runs WHERE id = ?2`).bind(Date.now(), id).first<Run>();
}

/** The run with that id, with what is kept of its answer. */
export async function findKeptRun(env: Env, id: string): Promise<KeptRun | null> {
  const select = (await database(env)).prepare(`SELECT ${SHOWN}, answer FROM runs WHERE id = ?2`);
  return select.bind(Date.now(), id).first<KeptRun>();
}

export async function findRuns(
  env: Env,
  { since, after, status, task, limit, caller = null }: RunQuery,
): Promise<Run[]> {
  const isUnsettled = status === "running" || status === "unknown";
  const select = (await database(env)).prepare(list(isUnsettled ? UNSETTLED : "runs WHERE"));
  return (await select.bind(Date.now(), since, ...after, status, task, limit, caller).all<Run>()).results;
}

/**
 * Those of tasks with `once` of which nobody knows how they ended, the newest ones first; more than a person can settle in
 * a day are cut.
 */
export async function findUnknownRuns(env: Env): Promise<Run[]> {
  const after = [Number.MAX_SAFE_INTEGER, ""] as const;
  const found = await findRuns(env, { since: 0, after, status: "unknown", task: null, limit: MOST_UNKNOWN });
  return found.filter(({ guarded }) => guarded);
}

/** A person says how an unknown run ended; false where it is not unknown. */
export async function resolveRun(
  env: Env,
  id: string,
  { resolution, by, note }: { resolution: Resolution; by: string; note: string | null },
): Promise<boolean> {
  const now = Date.now();
  const resolve = (await database(env)).prepare(RESOLVE);
  return (await resolve.bind(now, id, resolution, by, new Date(now).toISOString(), note).first()) !== null;
}

/** Removes what ended 30 days ago or earlier, never what is unknown. Answers how many rows went. */
export async function pruneRuns(env: Env): Promise<number> {
  const { meta } = await (await database(env))
    .prepare(PRUNE)
    .bind(Date.now() - KEPT_MS)
    .run();
  return meta.changes;
}
