// The record of runs that nobody waits for: the same rows as those of tasks with `once` (once/runs.ts), which begin as
// `queued`. Each step is one statement that names the state it starts from, so a message that comes twice, or late, finds
// nothing to do.

import { database } from "../database.ts";
import type { Env } from "../env.ts";
import type { Outcome } from "../forward/outcome.ts";
import { type KeptRun, type Run, SHOWN } from "../once/runs.ts";

/** What is written before anybody is told that it will be done. Times are milliseconds since 1970. */
export interface QueuedRun {
  readonly id: string;
  readonly caller: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly task: string;
  readonly capability: string;
  /** By the decision of now, which is taken again; "" where nobody was ready. */
  readonly autopilot: string;
  readonly requestId: string;
  readonly meta: string;
  readonly dueAt: number;
  /** Null where the message is left to the cron. */
  readonly sentAt: number | null;
  readonly trace: string | null;
  readonly callback: string | null;
  readonly schedule: string | null;
  readonly isGuarded: boolean;
  readonly retries: number;
}

/** A run as it is tried. */
export interface WaitingRun extends Run {
  readonly meta: string | null;
  readonly trace: string | null;
}

/** What became of a claim: `attempt` where it is ours; the rest says why it is not. */
export interface Claimed {
  readonly run: WaitingRun | undefined;
  readonly attempt: number | undefined;
  /** Until when its autopilot is left alone; 0 for not at all. */
  readonly pausedUntil: number;
}

const FREE_KEY = "fingerprint = ?5 OR outcome IN ('rejected', 'not-sent') AND resolutions = '[]'";
const QUEUE = `
  INSERT INTO runs (created_at, started_at, status, attempts, expires_at, claim, later, id, caller, key, fingerprint, task,
    capability, autopilot, request_id, meta, due_at, sent_at, trace, callback, schedule, guarded, allowed)
  VALUES (?1, ?11, 'queued', 0, 0, '', 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
  ON CONFLICT (caller, key) DO UPDATE SET status = 'queued', later = 1, fingerprint = ?5, task = ?6, capability = ?7,
    autopilot = ?8, request_id = ?9, meta = ?10, due_at = ?11, sent_at = ?12, trace = ?13, callback = ?14,
    callback_status = NULL, schedule = ?15, guarded = ?16, allowed = attempts + ?17, finished_at = NULL, why = NULL,
    outcome = NULL
  WHERE status = 'not-done' AND (${FREE_KEY})
  RETURNING id`;
// ?1 now, ?2 the run, ?3 the autopilot, ?4 the claim, ?5 the lease's end, ?6 whether it may be done twice, ?7 how many may
// go on, ?8 the capability.
const CLAIM = `
  UPDATE runs SET status = 'running', attempts = attempts + 1, started_at = ?1, expires_at = ?5, claim = ?4, autopilot = ?3,
    capability = ?8, due_at = NULL
  WHERE id = ?2 AND meta IS NOT NULL
    AND (status = 'queued' AND due_at <= ?1 OR ?6 AND later AND NOT guarded AND status = 'running' AND expires_at < ?1)
    AND NOT EXISTS (SELECT 1 FROM pauses WHERE autopilot = ?3 AND until > ?1)
    AND (?7 IS NULL OR ?7 > (
      SELECT count(*) FROM runs AS others INDEXED BY runs_unsettled
      WHERE others.status IN ('running', 'unknown') AND others.status = 'running' AND others.autopilot = ?3
        AND others.expires_at >= ?1
    ))
  RETURNING attempts`;
const FIND = `SELECT ${SHOWN}, meta, trace FROM runs WHERE id = ?2`;
const PAUSE_OF = "SELECT until FROM pauses WHERE autopilot = ?2 AND until > ?1";
const AGAIN = `
  UPDATE runs SET status = 'queued', due_at = ?3, why = ?4, outcome = ?5, allowed = allowed + ?6
  WHERE id = ?1 AND claim = ?2 AND status = 'running'
  RETURNING id`;
const POSTPONE = "UPDATE runs SET due_at = ?2, why = ?3 WHERE id = ?1 AND status = 'queued'";
const GIVE_UP = `
  UPDATE runs SET status = 'dead', finished_at = ?1, why = ?3, outcome = coalesce(outcome, 'not-sent'), due_at = NULL,
    callback_status = iif(callback IS NULL, NULL, 'waiting')
  WHERE id = ?2 AND status = 'queued'
  RETURNING id`;
const PAUSE = `
  INSERT INTO pauses (autopilot, until) VALUES (?1, ?2)
  ON CONFLICT (autopilot) DO UPDATE SET until = max(until, ?2)`;
const CANCEL = `
  UPDATE runs SET status = 'not-done', outcome = 'not-sent', finished_at = ?1, why = ?3, meta = NULL, due_at = NULL
  WHERE id = ?2 AND status = 'queued'
  RETURNING id`;
const RETRY = `
  UPDATE runs SET status = 'queued', due_at = ?1, sent_at = ?1, allowed = attempts + ?3, finished_at = NULL, why = NULL,
    callback_status = NULL
  WHERE id = ?2 AND later AND meta IS NOT NULL AND (status IN ('dead', 'not-done')
    OR NOT guarded AND (status = 'unknown' OR status = 'running' AND expires_at < ?1))
  RETURNING id, task`;
/** Records it; false where the caller's key has a run already, which is what is answered then. */
export async function writeQueued(env: Env, run: QueuedRun): Promise<{ run: KeptRun; isNew: boolean }> {
  const db = await database(env);
  const now = Date.now();
  const { id, caller, key, fingerprint, task, capability, autopilot, requestId, meta, dueAt, sentAt } = run;
  const values = [id, caller, key, fingerprint, task, capability, autopilot, requestId, meta, dueAt, sentAt];
  const more = [run.trace, run.callback, run.schedule, Number(run.isGuarded), run.retries + 1];
  const [queued, found] = await db.batch<KeptRun>([
    db.prepare(QUEUE).bind(now, ...values, ...more),
    db.prepare(`SELECT ${SHOWN}, answer FROM runs WHERE id = ?2`).bind(now, id),
  ]);
  return { run: found!.results[0]!, isNew: queued!.results.length > 0 };
}

export async function claimQueued(
  env: Env,
  id: string,
  {
    autopilot,
    capability,
    claim,
    expiresAt,
    mayRepeat,
    most,
  }: {
    readonly autopilot: string;
    readonly capability: string;
    readonly claim: string;
    readonly expiresAt: number;
    readonly mayRepeat: boolean;
    readonly most: number | null;
  },
): Promise<Claimed> {
  const db = await database(env);
  const now = Date.now();
  const [claimed, found, paused] = await db.batch<Record<string, unknown>>([
    db.prepare(CLAIM).bind(now, id, autopilot, claim, expiresAt, Number(mayRepeat), most, capability),
    db.prepare(FIND).bind(now, id),
    db.prepare(PAUSE_OF).bind(now, autopilot),
  ]);
  return {
    run: found!.results[0] as unknown as WaitingRun | undefined,
    attempt: claimed!.results[0]?.attempts as number | undefined,
    pausedUntil: (paused!.results[0]?.until as number | undefined) ?? 0,
  };
}

export async function findWaiting(env: Env, id: string): Promise<WaitingRun | null> {
  return (await database(env)).prepare(FIND).bind(Date.now(), id).first<WaitingRun>();
}

/** To be tried again at `at`; `isFree`: the attempt that was made is not counted. False where the claim is not ours any more. */
export async function writeAgain(
  env: Env,
  { id, claim }: { readonly id: string; readonly claim: string },
  {
    at,
    why,
    outcome,
    isFree,
  }: {
    readonly at: number;
    readonly why: string;
    readonly outcome: Outcome;
    readonly isFree: boolean;
  },
): Promise<boolean> {
  const again = (await database(env)).prepare(AGAIN).bind(id, claim, at, why, outcome, Number(isFree));
  return (await again.first()) !== null;
}

/** It waits, for another reason than a failed attempt; its message comes again at `at`. */
export async function postpone(env: Env, id: string, at: number, why: string): Promise<void> {
  await (await database(env)).prepare(POSTPONE).bind(id, Math.ceil(at), why).run();
}

/** It is given up before it was tried; false where it is not waiting. */
export async function giveUp(env: Env, id: string, why: string): Promise<boolean> {
  return (await (await database(env)).prepare(GIVE_UP).bind(Date.now(), id, why).first()) !== null;
}

/** Nobody asks the autopilot before `until`. */
export async function writePause(env: Env, autopilot: string, until: number): Promise<void> {
  await (await database(env)).prepare(PAUSE).bind(autopilot, until).run();
}

/** False where it has begun, or ended. */
export async function cancelRun(env: Env, id: string, why: string): Promise<boolean> {
  return (await (await database(env)).prepare(CANCEL).bind(Date.now(), id, why).first()) !== null;
}

/** Has it tried so often again; its task, or null where that cannot be. */
export async function reviveRun(env: Env, id: string, attempts: number): Promise<string | null> {
  return (await database(env)).prepare(RETRY).bind(Date.now(), id, attempts).first<string>("task");
}
