// How a task is done that nobody waits for, and who wants that: its file, or its caller by the header Prefer (RFC 7240).

import type { AsyncRule, TaskRule } from "../routing/table.ts";

/** Of a task whose caller alone prefers it; those of orchestrator/manifest/models.py for `async: true`. */
const DEFAULTS: AsyncRule = { retries: 5, backoffMs: 10_000, maxConcurrency: null, callback: null };
const MAX_WAIT_S = 30;

export function asyncRuleOf({ async: rule }: TaskRule): AsyncRule {
  return rule ?? DEFAULTS;
}

/** What a caller prefers; what is not understood is ignored, as the RFC has it. */
export interface Preference {
  readonly respondAsync: boolean;
  /** For so long an answer may be waited for, in seconds; 0 where nothing is said. */
  readonly waitS: number;
}

const NO_PREFERENCE: Preference = { respondAsync: false, waitS: 0 };

export function preferenceOf({ headers }: Request): Preference {
  const prefer = headers.get("prefer");
  if (prefer === null) return NO_PREFERENCE;
  const given = prefer
    .toLowerCase()
    .split(/[,;]/)
    .map((each) => each.trim());
  const wait = given.map((each) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(each)?.[1]).find((each) => each !== undefined);
  return { respondAsync: given.includes("respond-async"), waitS: Math.min(Number(wait ?? 0), MAX_WAIT_S) };
}

/** The preferences that were followed, for the header Preference-Applied. */
export function appliedPreference({ respondAsync, waitS }: Preference): Record<string, string> {
  const applied = [...(respondAsync ? ["respond-async"] : []), ...(waitS > 0 ? [`wait=${waitS}`] : [])];
  return applied.length > 0 ? { "preference-applied": applied.join(", ") } : {};
}
