// Whether a task is sent a second time, and after how long. The twin of orchestrator/dispatch/retry.py.
//
// Only where it cannot be done twice by that: nothing was sent, or the task is `idempotent` and not `once`. Pure.

import type { TaskRule } from "../routing/table.ts";
import type { Failure } from "./failure.ts";

export const MAX_TRIES = 2;
const MOST_JITTER_MS = 1_000;
/** Answers that ask for another try: RFC 6585 and RFC 9110. */
const BUSY = new Set([429, 502, 503, 504]);

/** An answer as far as it matters here. */
export interface Answered {
  readonly status: number;
  readonly retryAfter: string | null;
}

/**
 * Milliseconds to wait before the second try, or null where there is none. Full jitter, so that many tasks that failed
 * together do not come back together; not before the autopilot's own Retry-After. `random` is in [0, 1).
 */
export function retryDelayMs(outcome: Failure | Answered, rule: TaskRule, random: number, now: number): number | null {
  const jitter = random * MOST_JITTER_MS;
  const mayRepeat = rule.idempotent && !rule.once;
  if ("outcome" in outcome) {
    const isSafe = outcome.outcome === "not-sent" || mayRepeat;
    return isSafe && outcome.isPassing ? jitter : null;
  }
  if (!mayRepeat || !BUSY.has(outcome.status)) return null;
  return Math.max(jitter, retryAfterMs(outcome.retryAfter, now));
}

/** Seconds, of nine digits at most, or a date: RFC 9110, section 10.2.3. */
export function retryAfterMs(value: string | null, now: number): number {
  if (value === null) return 0;
  if (/^\d+$/.test(value)) return value.length <= 9 ? Number(value) * 1000 : 0;
  const date = Date.parse(value);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
