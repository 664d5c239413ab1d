// A moment as its age, with the whole time and its zone to a pointer and to a screen reader; ages grow by themselves.

import { useEffect, useSyncExternalStore } from "react";
import { t } from "../texts.ts";

const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const WHOLE = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 5_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Milliseconds since 1970, a few seconds old at most. */
export function useNow(): number {
  useEffect(() => {
    now = Date.now();
  }, []);
  return useSyncExternalStore(
    subscribe,
    () => now,
    () => now,
  );
}

function ageOf(at: number, now: number): string {
  const passed = Math.min(0, at - now);
  const [unit, ms] = UNITS.find(([, ms]) => -passed >= ms) ?? ["second", 1_000];
  return RELATIVE.format(Math.ceil(passed / ms), unit);
}

export function Age({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <>{t.none}</>;
  const moment = new Date(at);
  return (
    <time dateTime={at} title={WHOLE.format(moment)}>
      {ageOf(moment.getTime(), now)}
    </time>
  );
}

/** The whole time with its zone. */
export function Moment({ at }: { at: string | null | undefined }) {
  return at ? <time dateTime={at}>{WHOLE.format(new Date(at))}</time> : t.none;
}

/** Milliseconds as people write them. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return t.none;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}
