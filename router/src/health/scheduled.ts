// The scheduled run, every 15 minutes by cron, or now by POST /__scheduled: it finds out how things are (checks.ts),
// asks for a heal of what is missing, tells what has changed, records and publishes what it found, and prunes.
//
// Runs do not overlap: each holds a lease in D1 (lease.ts). Where D1 itself is gone there is no lease, and the
// run does what can be done without. docs/decisions/0013-health-checks.md says why it is built so.

import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import { evaluateAlerts } from "../alerts/evaluate.ts";
import type { Call } from "../http/call.ts";
import { count } from "../journal/counts.ts";
import { type JournalEntry, prune, record } from "../journal/journal.ts";
import { feedQueue } from "../later/feed.ts";
import { findWaitingRuns, lateSentences, lateSince } from "../later/late.ts";
import { findUnknownRuns, type Run as OnceRun, pruneRuns } from "../once/runs.ts";
import { feedSchedules, type Missed, missedSentence } from "../schedules/feed.ts";
import { publishSnapshot, readSnapshot, type Snapshot } from "../snapshot.ts";
import { readAccountUse } from "../usage/analytics.ts";
import { type Delivery, sendAlert } from "./alert.ts";
import { type Findings, runChecks } from "./checks.ts";
import { forgetHealRequests, type HealAnswer, requestHeal } from "./heal-request.ts";
import { giveBack, LEASE_MS, type Lease, takeLease } from "./lease.ts";
import { type News, nameOf, newsOf, sentences } from "./news.ts";

type Trigger = "cron" | "request";
type Run = Pick<Call, "env" | "later" | "requestId" | "caller">;

interface Report extends Omit<Findings, "doubts">, Pick<Delivery, "alert"> {
  readonly at: string;
  readonly trigger: Trigger;
  readonly changes: readonly { readonly autopilot: string; readonly from: string; readonly to: string }[];
  /** Null where nothing is missing. */
  readonly heal: HealAnswer | null;
  /** The ids of runs of which nobody knows how they ended. */
  readonly unknownRuns: readonly string[];
  /** Messages that were sent for runs that wait; null where that failed. */
  readonly fed: number | null;
  /** Schedules whose time nobody was there to see, and how often. */
  readonly missed: readonly Missed[];
  /** Rows that were removed; null where that failed. */
  readonly pruned: { readonly journal: number | null; readonly runs: number | null };
}

/** POST /__scheduled: answers the run's report. A caller who goes away does not end it. */
export async function runScheduledNow(call: Call): Promise<Response> {
  const report = runScheduled(call, "request");
  const done = () => undefined;
  call.later(report.then(done, done));
  return Response.json(await report);
}

/** What the cron does; where a run that was asked for is active, nothing. */
export async function runScheduledByCron(run: Run): Promise<void> {
  try {
    await runScheduled(run, "cron");
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    log("the cron's run was left out", run.requestId, error.detail);
  }
}

/** One run. Throws a problem (409) while another one is active; no other failure ends it. */
async function runScheduled(run: Run, trigger: Trigger): Promise<Report> {
  const { env, requestId } = run;
  const begun = Date.now();
  const at = new Date(begun).toISOString();
  let lease: Lease | undefined;
  let databaseError: unknown;
  try {
    lease = await takeLease(env, requestId);
  } catch (error) {
    log("the checks' record could not be read", requestId, error);
    databaseError = error;
  }
  if (lease?.isHeld) throw new Problem(RUNNING);
  const before = newest(lease?.snapshot ?? undefined, await readSnapshot(env, requestId));

  const { missing, doubts, ...found } = await runChecks(env, before, databaseError, at, requestId);
  const heal = missing.length > 0 ? await requestHeal(env, { missing, source: "cron" }, requestId) : null;
  if (missing.length === 0 && before?.missing.length) {
    await attempt("the heal requests could not be forgotten", run, () => forgetHealRequests(env));
  }
  const unsettled = lease && (await attempt("the runs could not be read", run, () => findUnknownRuns(env)));
  const unknownRuns = unsettled?.map(({ id }) => id) ?? before?.unknownRuns ?? [];
  const fed = await attempt("the queue could not be fed", run, () => feedQueue(env));
  const missed = (await attempt("the schedules could not be fed", run, () => feedSchedules(env, requestId))) ?? [];
  for (const { id, task, times } of missed) {
    record(run, {
      kind: "schedule",
      caller: run.caller,
      task,
      outcome: "missed",
      detail: `${id}: ${times} times, caught up once`,
    });
  }
  const waiting =
    (await attempt("the waiting runs could not be counted", run, () => findWaitingRuns(env))) ?? undefined;
  const late = lateSince(waiting, begun);
  const news = newsOf(before, { ...found, missing, unknownRuns });
  const lines = [...sentences(news), ...missed.map(missedSentence), ...lateSentences(before?.lateSince, late)];
  const { alert: delivered, unsent } = await sendAlert(env, [...(before?.unsent ?? []), ...lines], requestId);

  const { autopilots, probed } = found;
  const accountUse = await readAccountUse(env, at);
  const seen = { autopilots, missing, unknownRuns, waiting, accountUse };
  const alerts = await evaluateAlerts(env, before, seen, at, requestId);
  for (const { alert, state, text } of alerts.messages) {
    record(run, { kind: "alert", caller: run.caller, outcome: state, detail: `${alert}: ${text}` });
  }
  const cron = cronOf(before, trigger, at);
  const snapshot = {
    at,
    cron,
    autopilots,
    missing,
    probedUpTo: probed.at(-1) ?? "",
    unsent,
    doubts,
    unknownRuns,
    waiting,
    lateSince: late,
    alerts: alerts.states,
    unsentAlerts: alerts.unsent,
    accountUse,
  };
  const counts = await attempt("the checks could not be recorded", run, () => giveBack(env, requestId, snapshot));
  if (counts !== false) await publishSnapshot(env, snapshot, requestId);

  journalAbandoned(run, unsettled ?? [], news.runs.unknown);
  journalRun(run, news, {
    outcome: missing.length > 0 ? "missing" : "done",
    durationMs: Date.now() - begun,
    detail: `${trigger}: ${probed.length} probed, ${news.changes.length} changed, ${missing.length} missing`,
  });
  await attempt("the journal's entries could not be counted", run, () => count(env));
  return {
    at,
    trigger,
    ...found,
    missing,
    changes: news.changes.map(({ autopilot, was, status }) => ({ autopilot, from: was, to: status })),
    heal,
    unknownRuns,
    fed,
    missed,
    alert: delivered,
    pruned: {
      journal: await attempt("the journal could not be pruned", run, () => prune(env)),
      runs: await attempt("the runs could not be pruned", run, () => pruneRuns(env)),
    },
  };
}

/** Of the record and its copy what was written last: the record may have been out of reach. */
function newest(record: Snapshot | undefined, copy: Snapshot | undefined): Snapshot | undefined {
  return record && !(copy && copy.at > record.at) ? record : copy;
}

/** Runs that nobody lived to journal the end of. */
function journalAbandoned(run: Run, unsettled: readonly OnceRun[], isNew: readonly string[]): void {
  for (const { id, caller, task, capability, autopilot } of unsettled.filter(
    (each) => each.finishedAt === null && isNew.includes(each.id),
  )) {
    record(run, { kind: "run", caller, task, capability, autopilot, outcome: "unknown", detail: id });
  }
}

/** What `work` gives, or null where it fails. */
async function attempt<T>(message: string, { requestId }: Run, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    log(message, requestId, error);
    return null;
  }
}

function cronOf(before: Snapshot | undefined, trigger: Trigger, at: string): Snapshot["cron"] {
  const { since = at, lastRunAt } = before?.cron ?? {};
  return { since, lastRunAt: trigger === "cron" ? at : lastRunAt };
}

function journalRun(
  run: Run,
  { changes, gone, restored }: News,
  done: Pick<JournalEntry, "outcome" | "durationMs" | "detail">,
): void {
  const { caller } = run;
  for (const { autopilot, status, was } of changes) {
    record(run, { kind: "health", caller, autopilot, outcome: status, detail: `before: ${was}` });
  }
  for (const each of gone) record(run, { kind: "infra", caller, outcome: "missing", detail: nameOf(each) });
  for (const each of restored) record(run, { kind: "infra", caller, outcome: "ready", detail: nameOf(each) });
  record(run, { kind: "scheduled", caller, ...done });
}

const RUNNING = {
  status: 409,
  title: "Already running",
  detail: "Another scheduled run is active; what it finds is in /health when it ends.",
  headers: { "Retry-After": String(LEASE_MS / 1000) },
};
