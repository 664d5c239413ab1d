// `Prefer: wait=…`: an answer that waits for the end of a run, by looking again and again, less often each time.

import type { Env } from "../env.ts";
import { findKeptRun, type KeptRun } from "../once/runs.ts";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;

/** The run, once it has ended or `waitS` seconds are over, whichever comes first; null where there is none. */
export async function waitForEnd(env: Env, id: string, waitS: number): Promise<KeptRun | null> {
  const until = Date.now() + waitS * 1000;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const run = await findKeptRun(env, id);
    const left = until - Date.now();
    if (run === null || (run.status !== "queued" && run.status !== "running") || left <= 0) return run;
    await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)));
  }
}
