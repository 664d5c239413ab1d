// POST /autopilot/plan: a task comes in, is decided on and forwarded; with `explain` only the decision comes back.

import routingTable from "routing-table";
import * as v from "valibot";
import { Problem } from "#worker-kit/problem.ts";
import { anyObject, object } from "#worker-kit/validation.ts";
import { isMetaRefused, reportResult, withMetaChecked } from "../catalog/checks.ts";
import type { Env } from "../env.ts";
import { answerOf, forward, HOP_HEADER } from "../forward/forward.ts";
import { outcomeOf } from "../forward/outcome.ts";
import { requireTask } from "../http/auth.ts";
import { invalid, readBodyText } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { readObjectText } from "../http/json-text.ts";
import { Query } from "../http/query.ts";
import { acceptForLater } from "../later/accept.ts";
import { requireQueue } from "../later/messages.ts";
import { type Preference, preferenceOf } from "../later/rule.ts";
import { runOnce } from "../once/once.ts";
import { decideNow } from "../routing/decide-now.ts";
import { ruleOf, type TaskRule } from "../routing/table.ts";
import { addSchedule } from "../schedules/endpoints.ts";
import { journalTask, type Noted } from "./journal-task.ts";

const MAX_TASK_LENGTH = 256;
const MAX_DEPTH = 100;
/** A clock may be ahead of another one by so much. */
const PAST_MS = 60_000;
const FUTURE_MS = 5 * 366 * 24 * 60 * 60 * 1000;
const TOO_DEEP = { pointer: "/meta", message: `must not be nested deeper than ${MAX_DEPTH} levels` };

const MOMENT = v.pipe(
  v.custom<string>(isMoment, "must be a time of RFC 3339 with its offset, such as 2026-12-24T18:00:00+01:00"),
  v.transform((text) => Date.parse(text)),
  v.check((at) => at > Date.now() - PAST_MS && at < Date.now() + FUTURE_MS, "must be in the future, within five years"),
);

const PLAN = object(
  {
    task: v.custom<string>(isTask, `must be a string of 1 to ${MAX_TASK_LENGTH} characters`),
    meta: v.optional(anyObject),
    explain: v.optional(v.boolean("must be true or false"), false),
    at: v.optional(v.nullable(MOMENT), null),
    every: v.optional(
      v.nullable(v.pipe(v.string("must be a cron expression"), v.maxLength(256, "must be a cron expression"))),
      null,
    ),
    timezone: v.optional(
      v.pipe(v.string("must be the name of a time zone"), v.maxLength(64, "must be the name of a time zone")),
      "UTC",
    ),
    callback: v.optional(
      v.nullable(
        v.pipe(v.string("must be an https URL"), v.maxLength(2048, "must be an https URL of at most 2048 characters")),
      ),
      null,
    ),
  },
  "is not a member of a plan request: it has task, meta, at, every, timezone, callback and explain",
);

/** Answers a plan request; throws a problem for everything that is not the autopilot's own answer. */
export function plan(call: Call): Promise<Response> {
  return journalTask(call, (noted) => routeTask(call, noted));
}

async function routeTask(call: Call, noted: Noted): Promise<Response> {
  const { request, url, env, requestId } = call;
  if (request.headers.has(HOP_HEADER)) throw new Problem(LOOP);
  const isOnlyExplained = explainOf(url);
  const { value: asked, text } = await readBodyText(request, PLAN);
  const meta = metaOf(text);
  const explain = asked.explain || isOnlyExplained;
  noted.task = asked.task;
  requireTask(call, asked.task);
  noted.isExplained = explain;
  const decided = await decideNow(call, asked.task);
  // Who only asks where a task would go need not say what it is given.
  const outcome = explain && asked.meta === undefined ? decided : withMetaChecked(decided, asked.meta ?? {});
  const rule = ruleOf(routingTable, asked.task);
  noted.capability = rule.capability;
  const preference = preferenceOf(request);
  if (!explain && asked.every !== null) {
    requireQueue(env);
    if ("problem" in outcome && (outcome.problem.status === 404 || isMetaRefused(outcome))) throw outcome.problem;
    const answer = await addSchedule(call, { ...asked, meta, every: asked.every });
    noted.outcome = "queued";
    return answer;
  }
  if (!explain && isForLater(rule, asked, preference, env)) {
    const later = { task: asked.task, meta, at: asked.at, callback: asked.callback };
    return acceptForLater(call, later, outcome, preference, noted);
  }
  if (!explain && rule.once) {
    return runOnce(call, { task: asked.task, meta }, outcome, noted);
  }
  if ("problem" in outcome) {
    const { problem, reasons } = outcome;
    throw explain ? problem.with({ reasons }) : problem;
  }
  noted.decision = outcome;
  if (explain) {
    const { route, ...decision } = outcome;
    return Response.json({ ...decision, autopilot: route.name });
  }
  const forwarded = { decision: outcome, meta, request, requestId, caller: call.caller, mayPassOn: true };
  const answer = await forward(forwarded, env);
  noted.passedOn = answer.passedOn;
  noted.outcome = outcomeOf(answer);
  noted.detail = reportResult(outcome.capability, answer, requestId);
  return answerOf(outcome, answer);
}

/** The text of `meta`, as it was sent. Throws a problem (422) where it is too deep, and where a member stands twice: which of
 * two is meant nobody knows, and of two `explain` one would execute. */
function metaOf(body: string): string {
  const { members, repeated, depth } = readObjectText(body);
  if (repeated.length > 0)
    throw invalid(repeated.map((name) => ({ pointer: `/${name}`, message: "must be given once" })));
  if (depth > MAX_DEPTH + 1) throw invalid([TOO_DEEP]); // the body is a level, too
  return members.get("meta") ?? "{}";
}

/** By its file, its time, or its caller's preference where there is a queue. */
function isForLater(
  { async: rule }: TaskRule,
  { at, callback }: { readonly at: number | null; readonly callback: string | null },
  { respondAsync }: Preference,
  { TASK_QUEUE: queue }: Env,
): boolean {
  return rule !== undefined || at !== null || callback !== null || (respondAsync && queue !== undefined);
}

const EXPLAIN: Readonly<Record<string, boolean>> = { 1: true, true: true, 0: false, false: false };

/** Throws a problem (400) for anything else than a known `explain`: who misspells it wants nothing done. */
function explainOf({ search, searchParams }: URL): boolean {
  if (search === "") return false;
  const query = new Query(searchParams, 0);
  const explain = query.parsed("explain", `must be one of ${Object.keys(EXPLAIN).join(", ")}`, (text) =>
    Object.hasOwn(EXPLAIN, text) ? EXPLAIN[text] : undefined,
  );
  query.check();
  return explain ?? false;
}

const LOOP = {
  status: 508,
  title: "Loop detected",
  detail: "This task has already passed through the orchestrator once, so the autopilot it went to sent it back.",
  members: {
    hint: "An autopilot that gives work on makes a request of its own, without the headers of the one it got.",
  },
};

function isMoment(value: unknown): boolean {
  return typeof value === "string" && RFC3339.test(value) && !Number.isNaN(Date.parse(value));
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

function isTask(value: unknown): boolean {
  return typeof value === "string" && value !== "" && [...value].length <= MAX_TASK_LENGTH && value.isWellFormed();
}
