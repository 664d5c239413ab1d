// What is read of the registrations when a task is decided on: the isolate's memory, then a copy in KV, and the record
// in D1 where neither has what is asked for. docs/decisions/0008-registry-reads.md says why.

import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import type { Env } from "../env.ts";
import { findRegistrations } from "./record.ts";
import type { Registration } from "./registration.ts";

const KEY = "registrations";
const EDGE_SECONDS = 30; // how long KV may answer from the edge's cache; it takes no less
// Read from the record it was true then; read from the copy it was true half a minute and more before. So what is
// remembered is never older than a minute.
const RECORD_MS = 60_000;
const COPY_MS = 15_000;
const COPY_TRIES = 3;
const COPY_PAUSE_MS = 1_100; // KV takes one write a second of a key

interface Memory {
  readonly registrations: readonly Registration[];
  readonly until: number;
}

let memory: Memory | undefined;

/** The registrations as of at most a minute ago. Throws a problem (503) where neither copy nor record can be read. */
export async function readCopiedRegistrations(env: Env, requestId: string): Promise<readonly Registration[]> {
  if (!env.DB) return []; // nothing can have been registered
  const before = memory;
  if (before && Date.now() < before.until) return before.registrations;
  try {
    const copy = await env.REGISTRY?.get<Registration[]>(KEY, { type: "json", cacheTtl: EDGE_SECONDS });
    if (copy) return remember(copy, COPY_MS, before);
  } catch (error) {
    log("the copy of the registrations could not be read", requestId, error);
  }
  return readRegistrations(env, requestId);
}

/** The registrations as they are now. Throws a problem (503) where the record cannot be read. */
export async function readRegistrations(env: Env, requestId: string): Promise<readonly Registration[]> {
  if (!env.DB) return [];
  const before = memory;
  try {
    const recorded = await findRegistrations(env);
    return remember(
      recorded.map(({ registration }) => registration),
      RECORD_MS,
      before,
    );
  } catch (error) {
    log("the registrations could not be read", requestId, error);
    throw new Problem(UNREADABLE);
  }
}

/** After a change of the record: this isolate knows it when this is done; `later` gets the work of writing the copy. */
export async function publish(env: Env, requestId: string, later: (work: Promise<void>) => void): Promise<void> {
  memory = { registrations: [], until: 0 }; // a read that began before this remembers nothing any more
  const registrations = await readRegistrations(env, requestId);
  later(writeCopy(registrations, env, requestId));
}

/**
 * Compares the copy with the record, and writes it again where it lags. The registrations, and whether it was in step;
 * throws where either cannot be read.
 */
export async function mendCopy(env: Env, requestId: string) {
  const registrations = await readRegistrations(env, requestId);
  const copied = await env.REGISTRY?.get(KEY);
  const wasInStep = JSON.stringify(registrations) === (copied ?? "[]");
  if (!wasInStep) await writeCopy(registrations, env, requestId);
  return { registrations, wasInStep };
}

/**
 * Whoever writes the copy looks at the record afterwards: so of two writers the one that wrote an older state last
 * finds out, and writes again. Where KV does not take it, the copy lags behind until the next change or scheduled run.
 */
async function writeCopy(registrations: readonly Registration[], env: Env, requestId: string): Promise<void> {
  let wanted = JSON.stringify(registrations);
  let written: string | undefined;
  for (let tries = 0; tries < COPY_TRIES && written !== wanted; tries++) {
    try {
      await env.REGISTRY?.put(KEY, wanted);
      written = wanted;
    } catch (error) {
      log("the copy of the registrations could not be written", requestId, error);
      await new Promise((resolve) => setTimeout(resolve, COPY_PAUSE_MS));
    }
    wanted = JSON.stringify(await readRegistrations(env, requestId));
  }
}

/** Keeps what was read, unless something newer was remembered since `before`, when the reading began. */
function remember(registrations: readonly Registration[], forMs: number, before: Memory | undefined) {
  if (memory === before) memory = { registrations, until: Date.now() + forMs };
  return registrations;
}

const UNREADABLE = {
  status: 503,
  title: "Registry not available",
  detail: "Which autopilots are registered at run time could not be read; the reason is in the orchestrator's log.",
  members: { hint: "Send it again. Tasks of declared autopilots need no registry and are still routed." },
  headers: { "Retry-After": "5" },
};
