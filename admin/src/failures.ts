// The journal's failures in groups, each with its cause and the command for it. The twin of orchestrator/analysis: the
// same entries give the same groups (tests/twins/failures.json). Deterministic; no model is asked.

// Its members by name: those of the Workers' logs are not for the page, and are not built into it.
import { byOutcome, failed, otherwise, rejected } from "../../orchestrator/analysis/failures.json";
import type { Entry } from "./api/schema.d.ts";

export interface FailureGroup
  extends Pick<Entry, "kind" | "autopilot" | "capability" | "outcome" | "status" | "detail"> {
  /** Tells it from all others. */
  readonly key: string;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly trend: "new" | "rising" | "steady" | "falling" | "over";
  /** Request ids, the newest first. */
  readonly samples: readonly string[];
  readonly why: string;
  readonly cause: string;
  readonly command: string;
}

interface Advice {
  readonly cause: string;
  readonly command: string;
  readonly byStatus?: Readonly<Record<string, Advice>>;
}

const SAMPLES = 3;
const HOUR_MS = 3_600_000;
const FAILED: ReadonlySet<string> = new Set(failed);
const BY_OUTCOME: Readonly<Record<string, Advice>> = byOutcome;
const WITHOUT_AUTOPILOT: Readonly<Record<string, Advice>> = rejected.withoutAutopilot;
const BY_STATUS: Readonly<Record<string, Advice>> = rejected.byStatus;
const OF_AUTOPILOT = " --autopilot {autopilot}";
// In this order: a time has numbers in it, and an id may look like one.
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})/g, "<time>"],
  [/https?:\/\/[^ \t-\r"'<>]+/g, "<address>"],
  [/[^ \t-\r@<>]+@[^ \t-\r@<>]+\.\w+/g, "<e-mail>"],
  [/\b[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{12,}\b/g, "<id>"],
  [/\p{Nd}+/gu, "<n>"],
];

/** The failures among `entries`: the most frequent first. */
export function groupFailures(entries: readonly Entry[]): FailureGroup[] {
  const byKey = new Map<string, Entry[]>();
  for (const entry of entries) {
    if (!FAILED.has(entry.outcome)) continue;
    const { kind, autopilot, capability, outcome, status } = entry;
    const key = JSON.stringify([kind, autopilot, capability, outcome, status, normalised(entry.detail)]);
    byKey.set(key, [...(byKey.get(key) ?? []), entry]);
  }
  const times = entries.map(({ at }) => Date.parse(at));
  const first = times.reduce((a, b) => Math.min(a, b), Infinity);
  const last = times.reduce((a, b) => Math.max(a, b), 0);
  // Of less than an hour there are no halves: all of it is new.
  const middle = last - first < HOUR_MS ? first : (first + last) / 2;
  return [...byKey]
    .sort(([a, { length: few }], [b, { length: many }]) => many - few || (a < b ? -1 : 1))
    .map(([key, found]) => groupOf(key, found, middle));
}

/** A detail without what names one case. */
function normalised(detail: string | null): string | null {
  return detail && VARYING.reduce((text, [pattern, name]) => text.replace(pattern, name), detail);
}

function groupOf(key: string, entries: readonly Entry[], middle: number): FailureGroup {
  const newestFirst = entries.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  const { kind, autopilot, capability, outcome, status, detail: own } = newestFirst[0]!;
  const detail = normalised(own);
  const same = Object.entries({ kind, autopilot, capability, outcome, status })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${value}`);
  return {
    ...{ key, kind, autopilot, capability, outcome, status, detail },
    count: entries.length,
    firstSeen: newestFirst.at(-1)!.at,
    lastSeen: newestFirst[0]!.at,
    trend: trendOf(entries, middle),
    samples: newestFirst.slice(0, SAMPLES).map(({ requestId }) => requestId),
    why: `the same ${same.join(", ")}${detail ? `, and a detail like “${detail}”` : ""}`,
    ...adviceFor({ outcome, status, autopilot }),
  };
}

/** How the second half of the time that was looked at compares with the first. */
function trendOf(entries: readonly Entry[], middle: number): FailureGroup["trend"] {
  const later = entries.filter(({ at }) => Date.parse(at) >= middle).length;
  const earlier = entries.length - later;
  if (earlier === 0) return "new";
  if (later === 0) return "over";
  if (later >= 2 * earlier) return "rising";
  return earlier >= 2 * later ? "falling" : "steady";
}

export function adviceFor({ outcome, status, autopilot }: Pick<Entry, "outcome" | "status" | "autopilot">): Advice {
  const found = BY_OUTCOME[outcome];
  const refused = autopilot === null ? WITHOUT_AUTOPILOT : BY_STATUS;
  const { cause, command } =
    outcome === "rejected"
      ? (refused[String(status)] ?? refused.otherwise!)
      : (found?.byStatus?.[String(status)] ?? found ?? otherwise);
  const template = autopilot === null ? command.replace(OF_AUTOPILOT, "") : command;
  const values: Readonly<Record<string, string>> = { autopilot: autopilot ?? "", outcome };
  return { cause, command: template.replace(/\{(\w+)\}/g, (_, name: string) => values[name]!) };
}
