// The record of the scheduled runs, one row of D1, which is also the lease of the active run: taking it and
// reading what the last run found is one statement, and so is writing what this one found and giving it back. So of two
// runs at once one finds it taken, and no change of a status is seen, and told of, twice.

import { database } from "../database.ts";
import type { Env } from "../env.ts";
import { type Snapshot, type StoredSnapshot, upgradeSnapshot } from "../snapshot.ts";

/** Longer than a run takes; after one that was killed, the next may begin then. */
export const LEASE_MS = 120_000;

// ?1 the run, ?2 until when, ?3 now
const TAKE = `
  INSERT INTO checks (id, run, until, snapshot) VALUES (1, ?1, ?2, 'null')
  ON CONFLICT (id) DO UPDATE SET run = ?1, until = ?2 WHERE until <= ?3
  RETURNING snapshot`;
const GIVE_BACK = "UPDATE checks SET until = 0, snapshot = ?2 WHERE run = ?1";

export interface Lease {
  /** By another run, which is active. */
  readonly isHeld: boolean;
  /** What the last run found; null before the first one. */
  readonly snapshot: Snapshot | null;
}

/** Takes the lease for `run`, unless it is held. */
export async function takeLease(env: Env, run: string): Promise<Lease> {
  const now = Date.now();
  const row = await (await database(env))
    .prepare(TAKE)
    .bind(run, now + LEASE_MS, now)
    .first<{ snapshot: string }>();
  const stored = row && (JSON.parse(row.snapshot) as StoredSnapshot | null);
  return { isHeld: row === null, snapshot: stored && upgradeSnapshot(stored) };
}

/** Records what `run` found. False where it took so long that another one has begun: then that one's counts. */
export async function giveBack(env: Env, run: string, snapshot: Snapshot): Promise<boolean> {
  const { meta } = await (await database(env)).prepare(GIVE_BACK).bind(run, JSON.stringify(snapshot)).run();
  return meta.changes > 0;
}
