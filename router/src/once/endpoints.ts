// /autopilot/runs: what became of tasks that must not be done twice or that nobody waits for, and a person's word where
// the router cannot know. A caller sees its own, with what was answered; who may `read` sees all, without that; who may
// `approve` as well, what waits for it.

import * as v from "valibot";
import { Problem } from "#worker-kit/problem.ts";
import { object } from "#worker-kit/validation.ts";
import { hasRight, requireAnother } from "../http/auth.ts";
import { readBody } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { Query } from "../http/query.ts";
import { record } from "../journal/journal.ts";
import { appliedPreference, preferenceOf } from "../later/rule.ts";
import { waitForEnd } from "../later/wait.ts";
import { documentOf, documentText } from "./document.ts";
import { findKeptRun, findRun, findRuns, type KeptRun, type Run, resolveRun, STATUSES } from "./runs.ts";

const PAGE = 50;
const MAX_PAGE = 500;
const MAX_NOTE = 1_000;

/** GET of a page: `runs`, the newest first, and `next`, the `cursor` of the page that follows; null for none. */
export async function listRuns(call: Call): Promise<Response> {
  const { env, url, caller } = call;
  const query = new Query(url.searchParams, Date.now());
  const status = query.parsed("status", `must be one of ${STATUSES.join(", ")}`, (text) =>
    STATUSES.find((each) => each === text),
  );
  const task = query.text("task");
  const since = query.time("since") ?? 0;
  const limit = query.integer("limit", 1, MAX_PAGE) ?? PAGE;
  const after = query.parsed("cursor", "must be the `next` of a page before", placeOf) ?? FIRST;
  query.check();
  const found = await findRuns(env, {
    ...{ since, after, status: status ?? null, task: task ?? null, limit: limit + 1 },
    caller: hasRight(call, "read") ? null : caller,
  });
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const next = found.length > limit ? `${last!.createdAt}.${last!.id}` : null;
  return Response.json({ runs: shown.map((run) => documentOf(run, caller)), next });
}

const FIRST = [Number.MAX_SAFE_INTEGER, ""] as const;

function placeOf(cursor: string): [number, string] | undefined {
  const [, createdAt, id] = /^(\d{1,15})\.(\w{1,64})$/.exec(cursor) ?? [];
  return id === undefined ? undefined : [Number(createdAt), id];
}

/** GET of one, once it has ended or the time that the caller prefers to wait is over; throws a problem: 404. */
export async function showRun(call: Call): Promise<Response> {
  const { env, request, caller, parameter: id } = call;
  const preference = preferenceOf(request);
  if (preference.waitS > 0) await waitForEnd(env, id, preference.waitS);
  return json(
    documentText(await findVisibleRun(call), caller, hasRight(call, "approve")),
    200,
    appliedPreference({ ...preference, respondAsync: false }),
  );
}

/** Throws a problem (404) where there is none, or none for this caller. */
export async function findVisibleRun(call: Call): Promise<KeptRun> {
  const found = await findKeptRun(call.env, call.parameter);
  if (!found || (found.caller !== call.caller && !hasRight(call, "read"))) throw noSuchRun(call.parameter);
  return found;
}

export function json(text: string, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(text, { status, headers: { ...headers, "content-type": "application/json" } });
}

/** POST `{resolution, note?}`; throws a problem: 403 for a run of the caller's own, 404, 409 for a run whose outcome is known, 422. */
export async function resolve(call: Call): Promise<Response> {
  const { env, request, caller, parameter: id } = call;
  const asked = await readBody(request, RESOLUTION);
  const before = await findRun(env, id);
  if (before) requireAnother(call, "resolve", before.caller);
  const isResolved = await resolveRun(env, id, { ...asked, by: caller });
  const found = await findRun(env, id);
  if (!found) throw noSuchRun(id);
  if (!isResolved) throw notUnknown(found);
  const { task, capability, autopilot } = found;
  record(call, { kind: "run", caller, task, capability, autopilot, outcome: asked.resolution, detail: id });
  return Response.json(documentOf(found, caller));
}

export const NOTE = v.optional(
  v.nullable(v.custom<string>(isNote, `must be text of at most ${MAX_NOTE} characters`)),
  null,
);
const RESOLUTION = object(
  {
    resolution: v.picklist(["done", "not-done"], "must be done or not-done"),
    note: NOTE,
  },
  "is not a member of a resolution: it has resolution and note",
);

function isNote(value: unknown): boolean {
  return typeof value === "string" && value.length <= MAX_NOTE && value.isWellFormed();
}

export function noSuchRun(id: string): Problem {
  return new Problem({
    status: 404,
    title: "No such run",
    detail: `There is no run ${id}.`,
    members: { hint: "GET /autopilot/runs lists them; what ended is kept for 30 days." },
  });
}

function notUnknown({ id, status }: Run): Problem {
  return new Problem({
    status: 409,
    title: "Outcome known",
    detail: `The run ${id} is ${status}: only one that is unknown can be resolved.`,
    members: { run: id, statusOfRun: status },
  });
}
