// One question to an autopilot: GET <autopilot>/health, over its service binding or HTTPS, under the rules that a task
// has. What it says in words is not passed on: /health is public, and its text is the autopilot's own affair.

import { log } from "#worker-kit/log.ts";
import { readCapped } from "#worker-kit/stream.ts";
import { isObject } from "#worker-kit/validation.ts";
import { type Env, serviceBinding } from "../env.ts";
import { edgeFailure } from "../forward/failure.ts";
import type { Route } from "../routing/table.ts";
import { checkEndpoint, MESSAGES, type UrlRules } from "../routing/urls.ts";
import type { Probe } from "./hysteresis.ts";

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024;
/** A Worker may have six connections open. */
const AT_ONCE = 6;
/** The words of health+json and their aliases, and what they say. */
const SAID: Readonly<Record<string, Probe["status"]>> = {
  pass: "pass",
  ok: "pass",
  up: "pass",
  warn: "warn",
  fail: "fail",
  error: "fail",
  down: "fail",
};

/** How each of `routes` is, in their order. */
export async function probeAll(
  routes: readonly Route[],
  env: Env,
  rules: UrlRules,
  requestId: string,
): Promise<readonly (readonly [Route, Probe])[]> {
  const probes: (readonly [Route, Probe])[] = [];
  const left = routes.entries();
  const work = async () => {
    for (const [index, route] of left) probes[index] = [route, await probe(route, env, rules, requestId)];
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return probes;
}

async function probe(route: Route, env: Env, rules: UrlRules, requestId: string): Promise<Probe> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const headers = { accept: "application/health+json, application/json", "x-request-id": requestId };
  const init: RequestInit = { headers, redirect: "manual", signal };
  try {
    const answer = ask(route, env, rules, init);
    return "output" in answer ? answer : await judgeAnswer(await answer, route);
  } catch (error) {
    log(`${route.name} could not be probed`, requestId, error);
    return failed(signal.aborted ? `It did not answer within ${TIMEOUT_MS / 1000} s.` : "It could not be reached.");
  }
}

function ask({ binding, worker, endpoint }: Route, env: Env, rules: UrlRules, init: RequestInit) {
  if (binding) {
    const target = serviceBinding(env, binding);
    return target ? target.fetch(`https://${worker}/health`, init) : failed(`${binding} is not bound to the router.`);
  }
  const code = checkEndpoint(endpoint ?? "", rules);
  return code ? failed(`Its endpoint may not be called: ${MESSAGES[code]}.`) : fetch(healthUrl(endpoint!), init);
}

/** Below the endpoint's path: several autopilots may share a host. */
function healthUrl(endpoint: string): string {
  const url = new URL(endpoint);
  return `${url.origin}${url.pathname.replace(/\/$/, "")}/health`;
}

async function judgeAnswer(response: Response, { capabilities }: Route): Promise<Probe> {
  const { status } = response;
  const body = await readCapped(response.body, MAX_BYTES);
  if (status >= 300 && status < 400) return failed(`It answered with a redirect (${status}), which is not followed.`);
  const edge = body && edgeFailure(status, body);
  if (edge) return failed(`It ${edge.why}. ${edge.hint}`);
  const document = body && read(body);
  const said = document && SAID[String(document.status).toLowerCase()];
  if (!response.ok) return failed(`It answered ${status}.`);
  if (body === null) return failed(`It answered with more than ${MAX_BYTES / 1024} KiB.`);
  if (said === "fail") return failed("It says of itself: fail.");
  // Of its words only the names that are known here are passed on.
  const missed = document && isObject(document.unavailable) ? document.unavailable : {};
  const names = capabilities.filter((capability) => Object.hasOwn(missed, capability));
  const unavailable = names.length > 0 ? { unavailable: names } : {};
  return said === "warn"
    ? { status: "warn", output: "It says of itself: warn.", ...unavailable }
    : { status: "pass", ...unavailable };
}

/** A health document's members; none where it is no JSON object: then the HTTP status counts. */
function read(body: Uint8Array): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(body));
    return isObject(document) ? document : {};
  } catch {
    return {};
  }
}

function failed(output: string): Probe & { output: string } {
  return { status: "fail", output };
}

/**
 * Whose turn it is: at most `count` of `routes`, in name order after `last`, and around. With more autopilots than one
 * run may probe, each run continues where the last one stopped.
 */
export function inTurn(routes: readonly Route[], last: string, count: number): readonly Route[] {
  const next = routes.findIndex(({ name }) => name > last);
  const first = Math.max(next, 0);
  return [...routes.slice(first), ...routes.slice(0, first)].slice(0, count);
}
