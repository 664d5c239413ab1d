// What the answers to a diagnosis mean: the traps that a new account has, and whether the orchestrator's own parts run.
// The words are those of orchestrator/checks/check.py. Pure.

import type { AccountContents } from "../account/account.ts";
import type { ApiAnswer } from "../account/cloudflare-api.ts";
import { checkCron } from "../health/cron.ts";
import type { Probe } from "../health/hysteresis.ts";
import type { Status } from "../routing/decide.ts";
import type { Route } from "../routing/table.ts";
import type { Snapshot } from "../snapshot.ts";

export interface Check {
  /** Stable, for scripts. */
  readonly name: string;
  readonly state: "ok" | "problem" | "unknown";
  readonly detail: string;
  /** What to do, where something is to be done. */
  readonly fix?: string;
}

/** Without one no Worker can be reached: 10007 of this list, 10063 of whatever needs it. */
const NO_SUBDOMAIN = new Set([10007, 10063]);

export function subdomainCheck({ status, code, message, result }: ApiAnswer): Check {
  const name = "workers.dev subdomain";
  const { subdomain } = (result ?? {}) as { subdomain?: string };
  if (subdomain) return { name, state: "ok", detail: `${subdomain}.workers.dev` };
  if (!NO_SUBDOMAIN.has(code)) return { name, state: "unknown", detail: `HTTP ${status}: ${message} [code: ${code}]` };
  const detail = `The account has none yet, so no Worker can be reached [code: ${code}].`;
  return { name, state: "problem", detail, fix: "Choose it once: dashboard, Workers & Pages." };
}

export function r2Check({ isR2On }: AccountContents): Check {
  if (isR2On) return { name: "R2", state: "ok", detail: "switched on" };
  return {
    name: "R2",
    state: "problem",
    detail: "It is not switched on in this account [code: 10042, 10136].",
    fix: "Switch it on once: dashboard, R2 (it asks for a payment method, also for free use).",
  };
}

const STATES: Readonly<Record<Status, Check["state"]>> = {
  pass: "ok",
  warn: "problem",
  fail: "problem",
  unknown: "unknown",
};

export function cronCheck(snapshot: Snapshot | undefined, now: number): Check {
  const { status, time, output } = checkCron(snapshot, now);
  const fix = "`python -m orchestrator heal` puts a cron trigger back that was cleared.";
  const detail = output ?? (time ? `It last ran at ${time}.` : "It is not due yet.");
  return { name: "cron", state: STATES[status], detail, ...(status === "warn" ? { fix } : {}) };
}

/** One that warns of itself is reachable. */
export function autopilotCheck([{ name }, { status, output }]: readonly [Route, Probe]): Check {
  return { name: `autopilot ${name}`, state: status === "fail" ? "problem" : "ok", detail: output ?? "It answers." };
}
