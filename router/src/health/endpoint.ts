// GET /health, for anyone: whether the router can do its work, how each autopilot was when it was last asked, what is
// missing, and whether the cron that finds this out is late. Nothing is asked for it: it is what the last scheduled run
// found. The format is health+json (draft-inadarei-api-health-check).
//
// `fail`, which is a 5xx, means that the router itself cannot work; all else that is not well makes a `warn`, so that
// nobody takes the router out for an autopilot's sake.

import routingTable from "routing-table";
import { Problem } from "#worker-kit/problem.ts";
import type { Env } from "../env.ts";
import { checkSecret } from "../forward/signed.ts";
import { lackOf } from "../http/auth.ts";
import type { Call } from "../http/call.ts";
import type { Missing, Status } from "../routing/decide.ts";
import { type Health, readSnapshot, type Snapshot } from "../snapshot.ts";
import { checkCron } from "./cron.ts";
import { nameOf } from "./news.ts";

interface Check {
  readonly componentId?: string;
  readonly componentType: "component" | "system";
  readonly status: Status;
  /** When that was found out. */
  readonly time?: string | undefined;
  /** Since when the status is so, and since when the probes fail. */
  readonly since?: string;
  readonly failingSince?: string;
  readonly failures?: number;
  readonly output?: string | undefined;
}

/** `pass` and `warn` are 200, `fail` is 503. */
export async function showHealth({ env, requestId }: Call): Promise<Response> {
  const settings = await checkSettings(env);
  const snapshot = await readSnapshot(env, requestId);
  const { autopilots = {}, missing = [], at } = snapshot ?? {};
  const names = new Set([...routingTable.autopilots.map(({ name }) => name), ...Object.keys(autopilots)]);
  const checks: Record<string, Check[]> = {
    "orchestrator:settings": [settings],
    "orchestrator:cron": [{ componentType: "system", ...checkCron(snapshot, Date.now()) }],
    "orchestrator:infrastructure": [infrastructureCheck(missing, at)],
    "orchestrator:runs": [runsCheck(snapshot)],
    ...(env.TASK_QUEUE || snapshot?.lateSince ? { "orchestrator:queue": [queueCheck(snapshot)] } : {}),
  };
  for (const name of names) checks[`${name}:health`] = [autopilotCheck(name, autopilots[name])];
  const anyUnwell = Object.values(checks).some(([check]) => check!.status === "fail" || check!.status === "warn");
  const status = settings.status === "fail" ? "fail" : anyUnwell ? "warn" : "pass";
  const document = {
    status,
    version: env.BUILD_ID ?? "unknown",
    serviceId: "autopilot-orchestrator",
    missing,
    checks,
  };
  return new Response(JSON.stringify(document), {
    status: status === "fail" ? 503 : 200,
    headers: { "content-type": "application/health+json" },
  });
}

/** The router fails without the secrets that it needs; which one is said, never what it is. */
async function checkSettings(env: Env): Promise<Check> {
  const check = { componentType: "system" } as const;
  const lack = lackOf(env);
  if (lack) return { ...check, status: "fail", output: `API_TOKEN ${lack}.` };
  try {
    await checkSecret(env);
    return { ...check, status: "pass" };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { ...check, status: "fail", output: error.detail };
  }
}

function infrastructureCheck(missing: readonly Missing[], time: string | undefined): Check {
  const check = { componentType: "system", time } as const;
  if (time === undefined) return { ...check, status: "unknown", output: "It has not been looked at." };
  if (missing.length === 0) return { ...check, status: "pass" };
  return { ...check, status: "fail", output: `Missing: ${missing.map(nameOf).join(", ")}.` };
}

/** Tasks that must not be done twice and wait for a person's word. */
function runsCheck(snapshot: Snapshot | undefined): Check {
  const check = { componentType: "system", time: snapshot?.at } as const;
  if (!snapshot) return { ...check, status: "unknown", output: "It has not been looked at." };
  const count = snapshot.unknownRuns?.length ?? 0;
  if (count === 0) return { ...check, status: "pass" };
  const output = `Of ${count} ${count === 1 ? "run" : "runs"} nobody knows how ${count === 1 ? "it" : "they"} ended.`;
  return { ...check, status: "warn", output };
}

/** Tasks that nobody waits for, and that wait too long themselves. */
function queueCheck(snapshot: Snapshot | undefined): Check {
  const check = { componentType: "system", time: snapshot?.at } as const;
  if (!snapshot) return { ...check, status: "unknown", output: "It has not been looked at." };
  if (snapshot.lateSince === undefined) return { ...check, status: "pass" };
  return { ...check, status: "warn", output: `Tasks wait that should have been tried at ${snapshot.lateSince}.` };
}

function autopilotCheck(name: string, health: Health | undefined): Check {
  const check = { componentId: name, componentType: "component" } as const;
  if (!health) return { ...check, status: "unknown", output: "It has not been probed." };
  const { lastProbeAt: time, rowSince, passes, unavailable, ...known } = health;
  const failing = known.failures > 0 ? { failingSince: rowSince } : {};
  return { ...check, ...known, time, ...failing };
}
