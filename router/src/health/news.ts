// What a scheduled run found otherwise than the one before it. Pure.

import type { Missing } from "../routing/decide.ts";
import type { Health, Snapshot } from "../snapshot.ts";

/** What a run finds out, as far as others need to know. */
export type Found = Pick<Snapshot, "autopilots" | "missing">;

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
}

/** An autopilot that is no longer known is no news. */
export function newsOf(before: Found | undefined, now: Found): News {
  const changes = Object.entries(now.autopilots)
    .map(([autopilot, health]) => ({ ...health, autopilot, was: before?.autopilots[autopilot]?.status ?? "unknown" }))
    .filter(({ was, status }) => was !== status);
  const missed = before?.missing ?? [];
  return { changes, gone: without(now.missing, missed), restored: without(missed, now.missing) };
}

/** The sentences for people; that a new autopilot is well is not worth one. */
export function sentences({ changes, gone, restored }: News): readonly string[] {
  const told = changes.filter(({ was, status }) => !(was === "unknown" && status === "pass"));
  return [
    ...told.map(({ autopilot, status, was, since, output = "" }) =>
      `${autopilot}: ${status} since ${since}, before that ${was}. ${output}`.trimEnd(),
    ),
    ...gone.map((each) => `${nameOf(each)} is missing.`),
    ...restored.map((each) => `${nameOf(each)} is there again.`),
  ];
}

export function nameOf({ kind, name }: Missing): string {
  return `${kind} ${name}`;
}

/** Those of `all` that are not among `others`. */
export function without(all: readonly Missing[], others: readonly Missing[]): readonly Missing[] {
  const names = new Set(others.map(nameOf));
  return all.filter((each) => !names.has(nameOf(each)));
}
