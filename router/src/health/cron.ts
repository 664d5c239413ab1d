// Whether the cron is late: its last run is longer ago than two of its periods. What a period is, `pulumi up` works out
// from the cron expression (orchestrator/cron.py) and puts into the routing table.

import routingTable from "routing-table";
import type { Status } from "../routing/decide.ts";
import type { Snapshot } from "../snapshot.ts";

const PERIODS = 2;

export interface CronCheck {
  readonly status: Exclude<Status, "fail">;
  /** When the cron last ran; absent before the first time. */
  readonly time?: string | undefined;
  readonly output?: string;
}

/** `unknown` where nothing says since when the cron is to be expected. */
export function checkCron(snapshot: Snapshot | undefined, now: number): CronCheck {
  if (!snapshot) return { status: "unknown", output: "It has not run yet." };
  const { lastRunAt: time, since } = snapshot.cron;
  const limit = PERIODS * routingTable.cronPeriodMs;
  if (now - Date.parse(time ?? since) <= limit) return { status: "pass", time };
  const minutes = Math.round(limit / 60_000);
  return { status: "warn", time, output: `It has not run for ${minutes} minutes and more, ${PERIODS} of its periods.` };
}
