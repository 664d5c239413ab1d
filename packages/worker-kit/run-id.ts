// What a task that is recorded is known by: the same for the same caller and key, so that whoever asks for it knows the
// id without being told.

import { sha256 } from "./hash.ts";

export const RUN_PREFIX = "run_";
export const SCHEDULE_PREFIX = "sch_";
/** Hex digits: 128 bits. */
const DIGITS = 32;

/** `prefix` and a hash of both. */
export async function idOf(prefix: string, caller: string, key: string): Promise<string> {
  return prefix + (await sha256(JSON.stringify([caller, key]), DIGITS));
}
