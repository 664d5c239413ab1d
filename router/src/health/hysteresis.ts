// From probe to status. One lost packet does not take an autopilot out, and one good answer does not bring it back:
// three failed probes in a row do, and two others in a row. Pure; `test_hysteresis.py` has the cases.

import type { Status } from "../routing/decide.ts";
import type { Health } from "../snapshot.ts";

export interface Probe {
  readonly status: Exclude<Status, "unknown">;
  /** Why it is no `pass`. */
  readonly output?: string;
  /** Capabilities that it says it does not have now: a setting of theirs is missing. */
  readonly unavailable?: readonly string[];
}

const FAILURES_OUT = 3;
const PASSES_IN = 2;

/** How the autopilot is after a probe at `at`, ISO 8601. Before the first one it is `unknown`. */
export function afterProbe(before: Health | undefined, { status, output, unavailable }: Probe, at: string): Health {
  const failed = status === "fail";
  const goesOn = before !== undefined && failed === before.failures > 0;
  const failures = failed ? (before?.failures ?? 0) + 1 : 0;
  const passes = failed ? 0 : (before?.passes ?? 0) + 1;
  const rowSince = goesOn ? before.rowSince : at;
  const was = before?.status ?? "unknown";
  const isEnough = failed ? failures >= FAILURES_OUT : was !== "fail" || passes >= PASSES_IN;
  const now = isEnough ? status : was;
  const turned = failed || was === "fail";
  const since = now === was && before ? before.since : turned ? rowSince : at;
  return {
    status: now,
    since,
    lastProbeAt: at,
    output,
    failures,
    passes,
    rowSince,
    // What does not answer says nothing of its capabilities.
    unavailable: failed ? before?.unavailable : unavailable,
  };
}
