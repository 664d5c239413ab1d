// POST /autopilot/plan: a task comes in, is decided on and forwarded; with `explain` only the decision comes back.

import routingTable from "routing-table";
import { invalid, isObject, readJson, unknownMembers } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { forward, HOP_HEADER } from "../forward/forward.ts";
import { once } from "../once/once.ts";
import { journalled, type Noted } from "./journalled.ts";
import { Refused } from "../http/problem.ts";
import { decideNow } from "../state.ts";
import { ruleOf } from "../routing/table.ts";

const MAX_TASK_LENGTH = 256;

interface PlanRequest {
  readonly task: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly explain: boolean;
}

/** Answers a plan request; throws Refused for everything that is not the autopilot's own answer. */
export function plan(call: Call): Promise<Response> {
  return journalled(call, (noted) => planned(call, noted));
}

async function planned(call: Call, noted: Noted): Promise<Response> {
  const { request, url, env, requestId } = call;
  if (request.headers.has(HOP_HEADER)) throw new Refused(LOOP);
  const asked = planRequest(await readJson(request));
  const explain = asked.explain || ["1", "true"].includes(url.searchParams.get("explain") ?? "");
  noted.task = asked.task;
  noted.isExplained = explain;
  const outcome = await decideNow(call, asked.task);
  if (!explain && ruleOf(routingTable, asked.task).once) {
    return once(call, asked, outcome, (decision) => (noted.decision = decision));
  }
  if ("problem" in outcome) {
    const { problem, reasons } = outcome;
    throw new Refused(explain ? { ...problem, members: { ...problem.members, reasons } } : problem);
  }
  noted.decision = outcome;
  if (explain) {
    const { route, ...decision } = outcome;
    return Response.json({ ...decision, autopilot: route.name });
  }
  return forward({ decision: outcome, meta: asked.meta, request, requestId }, env);
}

const LOOP = {
  status: 508,
  title: "Loop detected",
  detail: "This task has already passed through the orchestrator once, so the autopilot it went to sent it back.",
  members: { hint: "An autopilot that gives work on makes a request of its own, without the headers of the one it got." },
};

/** Checks the body; throws Refused (422) with all that is wrong with it. */
function planRequest(body: unknown): PlanRequest {
  if (!isObject(body)) throw invalid([{ pointer: "", message: "must be an object" }]);
  const { task, meta = {}, explain = false, ...unknown } = body;
  const errors = unknownMembers(unknown, "", "is not a member of a plan request: it has task, meta and explain");
  if (typeof task !== "string" || task === "" || [...task].length > MAX_TASK_LENGTH || !task.isWellFormed()) {
    errors.push({ pointer: "/task", message: `must be a string of 1 to ${MAX_TASK_LENGTH} characters` });
  }
  if (!isObject(meta)) errors.push({ pointer: "/meta", message: "must be an object" });
  if (typeof explain !== "boolean") errors.push({ pointer: "/explain", message: "must be true or false" });
  if (errors.length > 0) throw invalid(errors);
  return { task, meta, explain } as PlanRequest;
}
