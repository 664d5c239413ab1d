// /autopilot/registry: autopilots that are registered at run time, until a pull request takes them into autopilots.yaml.

import routingTable from "routing-table";
import { Problem } from "#worker-kit/problem.ts";
import type { Env } from "../env.ts";
import { endpointRules } from "../forward/endpoint-rules.ts";
import { invalid, readJson } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { record } from "../journal/journal.ts";
import { byCodePoint } from "../routing/nearest.ts";
import type { Resources, Route } from "../routing/table.ts";
import { publish } from "./copy.ts";
import {
  findRegistration,
  findRegistrations,
  lackOfRoom,
  type Precondition,
  putRegistration,
  type Recorded,
  removeRegistration,
} from "./record.ts";
import { parseRegistration, type Registration, undeclared } from "./registration.ts";

const REGISTRY_PATH = "/autopilot/registry";

/**
 * POST: 201 for a new one, 200 for an update and for what autopilots.yaml says already. Throws a problem: 409 for what it
 * says otherwise, or for one too many, 412, 422.
 */
export async function register(call: Call): Promise<Response> {
  const { request, env, requestId, later, caller } = call;
  const body = await readJson(request);
  const registration = parseRegistration(body, endpointRules(env, request));
  if (!("name" in registration)) throw invalid(registration);
  const { name } = registration;
  const declared = declaredRoute(name);
  if (declared) return agreement(declared, registration, Object.keys(body as object));
  const condition = preconditionOf(request);
  const put = await putRegistration(env, registration, condition);
  if (!put) throw await notPut(env, registration, condition);
  await publish(env, requestId, later);
  record(call, { kind: "registry", caller, autopilot: name, outcome: put.isNew ? "registered" : "changed" });
  return shown(put, put.isNew ? { status: 201, headers: { location: `${REGISTRY_PATH}/${name}` } } : {});
}

/** GET of all. */
export async function listRegistrations({ env }: Call): Promise<Response> {
  return Response.json({ registrations: (await findRegistrations(env)).map(document) });
}

/** GET of one; throws a problem: 404. */
export async function showRegistration({ env, parameter: name }: Call): Promise<Response> {
  const found = await findRegistration(env, name);
  if (!found) throw notRegistered(name);
  return shown(found);
}

/** DELETE of one: 204; throws a problem: 404, 409 for a declared name, 412. */
export async function unregister(call: Call): Promise<Response> {
  const { request, env, requestId, later, caller, parameter: name } = call;
  const condition = preconditionOf(request);
  if (!(await removeRegistration(env, name, condition.ifMatch))) {
    if (condition.ifMatch) throw await preconditionFailed(env, name, condition);
    if (declaredRoute(name)) throw declaredProblem(name);
    throw notRegistered(name);
  }
  await publish(env, requestId, later);
  record(call, { kind: "registry", caller, autopilot: name, outcome: "removed" });
  return new Response(null, { status: 204 });
}

function shown(recorded: Recorded, init: ResponseInit = {}): Response {
  return Response.json(document(recorded), { ...init, headers: { etag: recorded.etag, ...init.headers } });
}

function document({ registration, etag, createdAt, updatedAt }: Recorded) {
  const missing = undeclared(registration, routingTable.declared);
  const infrastructure = missing.length > 0 ? "missing" : "ready";
  return { ...registration, infrastructure, missing, etag, createdAt, updatedAt };
}

/** If-Match and If-None-Match; a weak or broken tag matches nothing, as RFC 9110 has it for If-Match. */
function preconditionOf({ headers }: Request): Precondition {
  const given = headers.get("if-match")?.trim();
  const ifNoneMatch = headers.get("if-none-match")?.trim() === "*";
  return { ifMatch: given === "*" ? "*" : given?.split(",").map((tag) => tag.trim()), ifNoneMatch };
}

function declaredRoute(name: string): Route | undefined {
  return routingTable.autopilots.find((route) => route.name === name);
}

/** Declared wins: a registration cannot take over a name of autopilots.yaml, and changes nothing where it agrees. */
function agreement(declared: Route, registration: Registration, given: readonly string[]): Response {
  const members = ["endpoint", "capabilities", "priority", "weight", "needs"] as const;
  const differences = members
    .filter((member) => given.includes(member) && !(member === "endpoint" && declared.endpoint === null))
    .map((member) => ({ member, declared: declared[member], given: registration[member] }))
    .filter((each) => comparable(each.declared) !== comparable(each.given));
  if (differences.length > 0) throw declaredProblem(declared.name, differences);
  const { name, capabilities, priority, weight, needs } = declared;
  const endpoint = declared.endpoint ?? registration.endpoint;
  return Response.json({ name, endpoint, capabilities, priority, weight, needs, source: "declared" });
}

/** The same text for what is the same: a URL with a path of `/` or none, a list in any order. */
function comparable(value: Route[keyof Route]): string {
  if (typeof value === "string") return new URL(value).href;
  if (Array.isArray(value)) return JSON.stringify(value.toSorted(byCodePoint));
  if (typeof value !== "object" || value === null) return String(value);
  const { kvNamespaces, r2Buckets, d1Databases, workers } = value as Resources;
  return [kvNamespaces, r2Buckets, d1Databases, workers].map(comparable).join();
}

function declaredProblem(name: string, differences?: readonly { readonly member: string }[]): Problem {
  const where = differences ? ` It differs in ${differences.map(({ member }) => member).join(", ")}.` : "";
  return new Problem({
    status: 409,
    title: "Declared autopilot",
    detail: `${name} is declared in autopilots.yaml, so it is changed there, by pull request.${where}`,
    members: {
      name,
      ...(differences ? { differences } : {}),
      hint: "Register it under another name, or change autopilots.yaml and run `pulumi up`.",
    },
  });
}

function notRegistered(name: string): Problem {
  return new Problem({
    status: 404,
    title: "Not registered",
    detail: `No autopilot is registered as ${name}.`,
    members: { name, hint: `GET ${REGISTRY_PATH} lists what is registered.` },
  });
}

/** Why nothing was recorded: the precondition does not hold, or there is no room for it. */
async function notPut(env: Env, registration: Registration, condition: Precondition): Promise<Problem> {
  const { name } = registration;
  const { ifMatch, ifNoneMatch } = condition;
  const found = await findRegistration(env, name);
  const isMatched = ifMatch === undefined || (found && (ifMatch === "*" || ifMatch.includes(found.etag)));
  const lack = isMatched && !(ifNoneMatch && found) ? await lackOfRoom(env, registration) : undefined;
  if (lack === undefined) return preconditionFailed(env, name, condition);
  return new Problem({
    status: 409,
    title: "Too many registrations",
    detail: `${name} is not registered as you say: ${lack}.`,
    members: {
      name,
      hint: `Remove one (DELETE ${REGISTRY_PATH}/<name>), or take them into autopilots.yaml by \`python -m orchestrator pull\` and remove them here.`,
    },
  });
}

async function preconditionFailed(env: Env, name: string, { ifNoneMatch }: Precondition): Promise<Problem> {
  const found = await findRegistration(env, name);
  const now = found ? `has the entity tag ${found.etag}` : "is not registered";
  return new Problem({
    status: 412,
    title: "Precondition failed",
    detail: `${name} ${now}, and ${ifNoneMatch ? "If-None-Match" : "If-Match"} asks for another state.`,
    members: { name, hint: "Get its current state, make your change to that, and send it with its ETag in If-Match." },
    ...(found ? { headers: { ETag: found.etag } } : {}),
  });
}
