// What a scheduled run found otherwise than the one before it. Pure.

import type { Missing } from "../routing/decide.ts";
import type { Health, Snapshot } from "../snapshot.ts";

/** What a run finds out, as far as others need to know. */
export type Found = Pick<Snapshot, "autopilots" | "missing" | "unknownRuns">;

/** A status that became another one. */
interface Change extends Health {
  readonly autopilot: string;
  readonly was: Health["status"];
}

export interface News {
  readonly changes: readonly Change[];
  /** What is missing and was not. */
  readonly gone: readonly Missing[];
  /** What was missing and is not. */
  readonly restored: readonly Missing[];
  /** Runs of which nobody knows how they ended: those that are new, how many there are, and how many there were. */
  readonly runs: { readonly unknown: readonly string[]; readonly now: number; readonly before: number };
}

/** An autopilot that is no longer known is no news. */
export function newsOf(before: Found | undefined, now: Found): News {
  const changes = Object.entries(now.autopilots)
    .map(([autopilot, health]) => ({ ...health, autopilot, was: before?.autopilots[autopilot]?.status ?? "unknown" }))
    .filter(({ was, status }) => was !== status);
  const missed = before?.missing ?? [];
  const [known, unknown] = [before?.unknownRuns ?? [], now.unknownRuns ?? []];
  const runs = { unknown: unknown.filter((id) => !known.includes(id)), now: unknown.length, before: known.length };
  return { changes, gone: without(now.missing, missed), restored: without(missed, now.missing), runs };
}

/** The sentences for people; that a new autopilot is well is not worth one. */
export function sentences({ changes, gone, restored, runs }: News): readonly string[] {
  const told = changes.filter(({ was, status }) => !(was === "unknown" && status === "pass"));
  return [
    ...told.map(({ autopilot, status, was, since, output = "" }) =>
      `${autopilot}: ${status} since ${since}, before that ${was}. ${output}`.trimEnd(),
    ),
    ...gone.map((each) => `${nameOf(each)} is missing.`),
    ...restored.map((each) => `${nameOf(each)} is there again.`),
    ...(runs.unknown.length > 0 ? [firing(runs.unknown, runs.now)] : []),
    ...(runs.now === 0 && runs.before > 0
      ? ["Resolved: there is no run any more of which nobody knows how it ended."]
      : []),
  ];
}

/** No more ids than a message can have. */
const MOST_NAMED = 5;

function firing(unknown: readonly string[], all: number): string {
  const named = unknown.slice(0, MOST_NAMED).join(", ");
  const more = unknown.length > MOST_NAMED ? ` and ${unknown.length - MOST_NAMED} more` : "";
  return (
    `Firing: nobody knows how these runs ended: ${named}${more} (${all} in all). ` +
    "`python -m orchestrator runs --status unknown` lists them, `runs resolve` says how one ended."
  );
}

export function nameOf({ kind, name }: Missing): string {
  return `${kind} ${name}`;
}

/** Those of `all` that are not among `others`. */
export function without(all: readonly Missing[], others: readonly Missing[]): readonly Missing[] {
  const names = new Set(others.map(nameOf));
  return all.filter((each) => !names.has(nameOf(each)));
}
