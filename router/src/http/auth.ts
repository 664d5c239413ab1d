// Who may call, and what: the bearer tokens of the stack's configuration. Its `apiToken` may do everything; a caller that
// autopilots.yaml declares has a token of its own, and may do what the file says.
//
// A token of `apiToken` may have its caller's name in front: `shop:3f1c…`. What is kept per caller (Idempotency-Keys, the
// journal) is kept under that name, not under the token, so that it stays when the token is replaced. `:` cannot be part
// of a bearer token (RFC 6750), so nothing else can be meant by it.
//
// crypto.subtle.timingSafeEqual wants equal lengths, and a length would tell something too: so both sides are padded to the
// length that no token exceeds, which costs less than hashing them. No header holds a zero byte, so no two tokens are
// padded to the same. Every accepted token is compared, so that the time does not tell which one matched.

import routingTable from "routing-table";
import { Problem } from "#worker-kit/problem.ts";
import type { Env } from "../env.ts";
import { byCodePoint } from "../routing/nearest.ts";
import type { CallerRule, Right } from "../routing/table.ts";
import type { Call } from "./call.ts";
import { notConfigured } from "./problem.ts";

const HINT = "Set it: `openssl rand -hex 32 | pulumi config set --secret apiToken`, then run `pulumi up`.";
const REALM = 'Bearer realm="autopilot-orchestrator"';

const UNNAMED = "default";

/** `rule` null: everything. */
interface Caller {
  readonly name: string;
  readonly rule: CallerRule | null;
}

interface Accepted extends Caller {
  readonly padded: Uint8Array;
}

/** In bytes: 512 and two of `=`. orchestrator/stack/rules.py refuses others before they are bound. */
const [MIN_TOKEN, MAX_TOKEN] = [32, 514];
const ENCODER = new TextEncoder();
/** Where a presented token stands while it is compared. */
const PRESENTED = new Uint8Array(MAX_TOKEN);

let known: { readonly tokens: string; readonly accepted: readonly Accepted[] } | undefined;

/** Who calls. Throws a problem: 503 when no token is configured, 401 without one that is. */
export function authenticate(request: Request, env: Env): Caller {
  const accepted = acceptedTokens(env);
  if (accepted.length === 0) {
    throw notConfigured("API_TOKEN", `${lackOf(env)}, so nobody may call`, HINT);
  }
  const given = padded(presentedToken(request), PRESENTED.fill(0));
  let caller: Caller | undefined;
  for (const each of accepted) {
    if (given && crypto.subtle.timingSafeEqual(given, each.padded)) caller = each;
  }
  if (caller === undefined) {
    throw unauthorized("The bearer token is not valid.", `${REALM}, error="invalid_token"`);
  }
  return caller;
}

/** Throws a problem (401) where the request has none. */
export function presentedToken(request: Request): string {
  const presented = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (presented === undefined) throw unauthorized("This needs a bearer token.", REALM);
  return presented;
}

/** The callers without a rule may do everything. */
export function hasRight({ rule }: Pick<Call, "rule">, right: Right): boolean {
  return rule === null || rule.may.includes(right);
}

/** Throws a problem (403) where the caller may not do it. */
export function requireRight({ caller, rule }: Pick<Call, "caller" | "rule">, right: Right): void {
  if (hasRight({ rule }, right)) return;
  throw forbidden(caller, right, `${caller} may not ${right}.`, `Add \`${right}\` to \`callers.${caller}.may\``);
}

/** Throws a problem (403) where the caller may not ask for this task. */
export function requireTask({ caller, rule }: Pick<Call, "caller" | "rule">, task: string): void {
  if (rule === null || rule.tasks.length === 0 || rule.tasks.includes(task)) return;
  throw forbidden(caller, "plan", `${caller} may not ask for ${task}.`, `Add it to \`callers.${caller}.tasks\``);
}

/** Throws a problem (403) where callers are declared and this is the one that asked for the run. */
export function requireAnother({ caller }: Pick<Call, "caller">, right: Right, asker: string): void {
  if (Object.keys(routingTable.callers).length === 0 || caller !== asker) return;
  const detail = `${caller} asked for this run, so somebody else has to ${right} it.`;
  throw forbidden(caller, right, detail, `Let a caller do it that has \`${right}\``);
}

function forbidden(caller: string, right: Right, detail: string, hint: string): Problem {
  return new Problem({
    status: 403,
    title: "Forbidden",
    detail,
    members: { right, caller, hint: `${hint} in autopilots.yaml, then run \`pulumi up\`.` },
  });
}

/** Why no token of `apiToken` is accepted; undefined where one is. */
export function lackOf(env: Env): string | undefined {
  const own = ownTokens(env);
  if (own.length === 0) return "is not bound";
  return own.some(({ token }) => padded(token)) ? undefined : `has no token of at least ${MIN_TOKEN} characters`;
}

/** The names of those whose tokens are accepted, in the order of names. */
export function callersOf(env: Env): string[] {
  return [...new Set(acceptedTokens(env).map(({ name }) => name))].sort(byCodePoint);
}

/** What is configured, which an isolate prepares once. A token that is too short or too long opens nothing. */
function acceptedTokens(env: Env): readonly Accepted[] {
  const tokens = `${env.API_TOKEN ?? ""}\n${env.CALLER_TOKENS ?? ""}`;
  if (known === undefined || known.tokens !== tokens) {
    const accepted = [...ownTokens(env), ...callersTokens(env)].flatMap(({ token, ...caller }) => {
      const bytes = padded(token);
      return bytes ? [{ ...caller, padded: bytes }] : [];
    });
    known = { tokens, accepted };
  }
  return known.accepted;
}

/** The token's bytes in `bytes`, which are zeros; undefined where it is too short or too long. */
function padded(token: string, bytes = new Uint8Array(MAX_TOKEN)): Uint8Array | undefined {
  if (token.length < MIN_TOKEN) return undefined;
  return ENCODER.encodeInto(token, bytes).read === token.length ? bytes : undefined;
}

/** The tokens of `apiToken`: one of each caller, or two during rotation. */
function ownTokens(env: Env): (Caller & { token: string })[] {
  return (env.API_TOKEN ?? "")
    .split(" ")
    .map((each) => {
      const [, name, token] = /^(?:([^:]*):)?(.*)$/.exec(each)!;
      return { name: name || UNNAMED, rule: null, token: token! };
    })
    .filter(({ token }) => token !== "");
}

/** Those of the declared callers. What is of nobody that is declared, or cannot be read, opens nothing. */
function callersTokens(env: Env): (Caller & { token: string })[] {
  let tokens: unknown;
  try {
    tokens = JSON.parse(env.CALLER_TOKENS ?? "{}");
  } catch {
    return [];
  }
  const given = Object.entries(Object(tokens) as Record<string, unknown>);
  return given.flatMap(([name, text]) => {
    const rule = Object.hasOwn(routingTable.callers, name) ? routingTable.callers[name]! : undefined;
    if (rule === undefined || typeof text !== "string") return [];
    return text
      .split(" ")
      .filter(Boolean)
      .map((token) => ({ name, rule, token }));
  });
}

function unauthorized(detail: string, challenge: string) {
  return new Problem({
    status: 401,
    title: "Unauthorized",
    detail,
    members: { hint: "Send the header `Authorization: Bearer …` with the stack's apiToken." },
    headers: { "WWW-Authenticate": challenge },
  });
}
