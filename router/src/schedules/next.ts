// When a schedule fires: cron expressions in Cloudflare's dialect (1 is Sunday), in a time zone. By croner, which knows
// the zones' rules from the runtime.
//
// Daylight saving: a time that the day does not have (02:30 when the clock goes from 02:00 to 03:00) is made up for at the
// moment of the jump; one that it has twice fires the first time only; `*/30` and the like fire at each real half hour.
// Pure: the time is passed in.

import { Cron } from "croner";

/** Undefined where there is no such zone, or croner does not take the expression: a range that wraps, `L-3`. */
export function cronOf(expression: string, timezone: string): Cron | undefined {
  try {
    const cron = new Cron(expression, {
      timezone,
      paused: true,
      mode: "5-part",
      domAndDow: false, // either day field is enough, as in crontab and at Cloudflare
      alternativeWeekdays: true,
    });
    new Intl.DateTimeFormat("en", { timeZone: timezone });
    return cron;
  } catch {
    return undefined;
  }
}

/** The first time after `at`, both in milliseconds since 1970; null where there is none. */
export function nextAfter(cron: Cron, at: number): number | null {
  return cron.nextRun(new Date(at))?.getTime() ?? null;
}
