// The states of an alert. Pure: what is measured, and the time, are passed in.
//
//   Normal -> Pending (it is so, not yet for long enough) -> Firing -> Resolving (it is well, not yet for long enough) -> Normal
//
// People are told when it begins to fire and when it is over, once each. What could not be measured changes nothing.

import type { AlertRule } from "../routing/table.ts";

type State = "normal" | "pending" | "firing" | "resolving";

/** Times by ISO 8601. */
export interface AlertState {
  readonly state: State;
  /** When the state began. */
  readonly since: string;
  /** When it began to fire, of one that does, or that did until a moment ago. */
  readonly firingSince?: string | undefined;
  /** What was measured last; absent where nothing was yet. */
  readonly value?: number | undefined;
  /** The same, for people. */
  readonly text?: string | undefined;
}

/** A figure; undefined where it is not known. */
export interface Measured {
  readonly value: number;
  readonly text: string;
}

/** What people are told of. */
export type Told = "firing" | "resolved";

export function nextState(
  before: AlertState | undefined,
  measured: Measured | undefined,
  { above, forMs, resolveMs }: Pick<AlertRule, "above" | "forMs" | "resolveMs">,
  at: string,
): { readonly state: AlertState; readonly told?: Told } {
  const was = before ?? { state: "normal", since: at };
  if (measured === undefined) return { state: was };
  const lasts = (ms: number) => Date.parse(at) - Date.parse(was.since) >= ms;
  const isSo = measured.value > above;
  const turn = (state: State, firingSince = was.firingSince): AlertState => ({
    ...{ state, since: state === was.state ? was.since : at, ...measured },
    ...(state === "firing" || state === "resolving" ? { firingSince } : {}),
  });
  if (was.state === "firing" || was.state === "resolving") {
    if (isSo) return { state: turn("firing") };
    if (resolveMs === 0 || (was.state === "resolving" && lasts(resolveMs)))
      return { state: turn("normal"), told: "resolved" };
    return { state: turn("resolving") };
  }
  if (!isSo) return { state: turn("normal") };
  if (forMs === 0 || (was.state === "pending" && lasts(forMs))) return { state: turn("firing", at), told: "firing" };
  return { state: turn("pending") };
}
