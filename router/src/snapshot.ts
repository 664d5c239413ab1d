// What the scheduled runs found out: how each autopilot is, and what is missing. The record is a row of D1
// (health/lease.ts); for reading there is one copy in KV, written once a run, and the isolate's memory in front of it.
// docs/decisions/0013-health-checks.md says who reads what.

import { log } from "#worker-kit/log.ts";
import type { Unsent } from "./alerts/evaluate.ts";
import type { AlertState } from "./alerts/state.ts";
import type { Env } from "./env.ts";
import type { Waiting } from "./later/outbox.ts";
import type { Missing, Status } from "./routing/decide.ts";
import type { AccountUse } from "./usage/analytics.ts";

/** How an autopilot is, by its probes. Times by ISO 8601. */
export interface Health {
  readonly status: Status;
  /** When the status began: at the first of the probes that it took. */
  readonly since: string;
  readonly lastProbeAt: string;
  /** Why the last probe was no `pass`. */
  readonly output?: string | undefined;
  /** Failed probes in a row, and others in a row: one of them is 0. */
  readonly failures: number;
  readonly passes: number;
  /** When that row began. */
  readonly rowSince: string;
  /** Its capabilities that a missing setting makes unavailable, as it says itself; absent where there is none. */
  readonly unavailable?: readonly string[] | undefined;
}

export interface Snapshot {
  /** When the last run was, of whichever kind. */
  readonly at: string;
  /** The cron's last run; without one, since when it is waited for. */
  readonly cron: { readonly lastRunAt?: string | undefined; readonly since: string };
  readonly autopilots: Readonly<Record<string, Health>>;
  /** What is declared or bound, and not there. */
  readonly missing: readonly Missing[];
  /** The autopilot that was probed last: where there are more than one run may probe, the next one continues after it. */
  readonly probedUpTo: string;
  /** Alerts that were not delivered. */
  readonly unsent: readonly string[];
  /** How many runs in a row could not read one of the router's own, by its name: perhaps it is missing. */
  readonly doubts?: Readonly<Record<string, number>>;
  /** The ids of runs of which nobody knows how they ended. */
  readonly unknownRuns?: readonly string[];
  /** Runs that wait for a try; absent where there is no queue. */
  readonly waiting?: Waiting | undefined;
  /** Since when the run that has waited longest should have been tried, where that is long ago. */
  readonly lateSince?: string | undefined;
  /** Of the file's alerts, by name; absent where they were never evaluated. */
  readonly alerts?: Readonly<Record<string, AlertState>> | undefined;
  readonly unsentAlerts?: readonly Unsent[] | undefined;
  /** What Cloudflare said that the account has used; absent where the stack has no token for that. */
  readonly accountUse?: AccountUse | undefined;
}

/** What a Worker of before November 2026 stored: the same, with some names in snake_case. */
interface OldSnapshot extends Omit<Snapshot, "cron" | "autopilots" | "probedUpTo"> {
  readonly cron: { readonly last_run_at?: string | undefined; readonly since: string };
  readonly autopilots: Readonly<Record<string, OldHealth>>;
  readonly probed_up_to: string;
}
type OldHealth = Omit<Health, "lastProbeAt" | "rowSince"> & {
  readonly last_probe_at: string;
  readonly row_since: string;
};
export type StoredSnapshot = Snapshot | OldSnapshot;

/** A stored snapshot as it is written today, so that a stack that exists survives the update. */
export function upgradeSnapshot(stored: StoredSnapshot): Snapshot {
  if (!("probed_up_to" in stored)) return stored;
  const { probed_up_to: probedUpTo, cron, autopilots, ...same } = stored;
  const upgraded = ({ last_probe_at: lastProbeAt, row_since: rowSince, ...health }: OldHealth): Health => ({
    ...health,
    lastProbeAt,
    rowSince,
  });
  return {
    ...same,
    probedUpTo,
    cron: { since: cron.since, lastRunAt: cron.last_run_at },
    autopilots: Object.fromEntries(Object.entries(autopilots).map(([name, health]) => [name, upgraded(health)])),
  };
}

const KEY = "snapshot";
const EDGE_SECONDS = 30; // how long KV may answer from the edge's cache; it takes no less
const MEMORY_MS = 60_000;
const READING_MS = 5_000; // for so long nobody else begins to read it beside a task

let memory: { readonly snapshot: Snapshot | undefined; readonly until: number } | undefined;
let readAt = 0; // when a request last began to read it

/** What this isolate remembers, however old that is; nothing is read. */
export function knownSnapshot(): Snapshot | undefined {
  return memory?.snapshot;
}

/** Whether it is to be read again beside a task: what is remembered is a minute old, and no other request is reading it. */
export function isDue(): boolean {
  return !isFresh() && Date.now() >= readAt + READING_MS;
}

function isFresh(): boolean {
  return memory !== undefined && Date.now() < memory.until;
}

/** The snapshot as this isolate read it less than a minute ago, or as KV has it; undefined where there is none. */
export async function readSnapshot(env: Env, requestId: string): Promise<Snapshot | undefined> {
  if (isFresh()) return knownSnapshot();
  // Each request reads for itself: one that waits for nothing but another one's promise is taken for hung by workerd.
  return read(env, requestId);
}

/** Makes it known: to this isolate now, to the others through KV. False where KV did not take it. */
export async function publishSnapshot(env: Env, snapshot: Snapshot, requestId: string): Promise<boolean> {
  memory = { snapshot, until: Date.now() + MEMORY_MS };
  try {
    await env.REGISTRY?.put(KEY, JSON.stringify(snapshot));
    return true;
  } catch (error) {
    log("the snapshot could not be written", requestId, error);
    return false;
  }
}

/** Where KV cannot be read, what is known stays so for another minute. */
async function read(env: Env, requestId: string): Promise<Snapshot | undefined> {
  readAt = Date.now();
  const before = memory;
  let snapshot = before?.snapshot;
  try {
    const copy = await env.REGISTRY?.get<StoredSnapshot>(KEY, { type: "json", cacheTtl: EDGE_SECONDS });
    if (copy && !(snapshot && copy.at < snapshot.at)) snapshot = upgradeSnapshot(copy);
  } catch (error) {
    log("the snapshot could not be read", requestId, error);
  }
  if (memory === before) memory = { snapshot, until: Date.now() + MEMORY_MS };
  return memory?.snapshot;
}
