// Who may call: the bearer tokens of the stack's configuration.
//
// A token may have its caller's name in front: `shop:3f1c…`. What is kept per caller (Idempotency-Keys, the journal) is
// kept under that name, not under the token, so that it stays when the token is replaced. `:` cannot be part of a bearer
// token (RFC 6750), so nothing else can be meant by it.
//
// Both sides are hashed before they are compared, since crypto.subtle.timingSafeEqual wants equal lengths and a length
// would tell something too; every accepted token is compared, so that the time does not tell which one matched.

import { Problem } from "#worker-kit/problem.ts";
import type { Env } from "../env.ts";
import { notConfigured } from "./problem.ts";

const HINT = "Set it: `openssl rand -hex 32 | pulumi config set --secret apiToken`, then run `pulumi up`.";
const REALM = 'Bearer realm="autopilot-orchestrator"';

const UNNAMED = "default";

interface Accepted {
  readonly name: string;
  readonly digest: ArrayBuffer;
}

let known: { readonly tokens: string | undefined; readonly accepted: readonly Accepted[] } | undefined;

/** The caller's name. Throws a problem: 503 when no token is configured, 401 without one that is. */
export async function authenticate(request: Request, env: Env): Promise<string> {
  const accepted = await digestTokens(env);
  if (accepted.length === 0) {
    throw notConfigured("API_TOKEN", "is not bound, so nobody may call", HINT);
  }
  const presented = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (presented === undefined) {
    throw unauthorized("This needs a bearer token.", REALM);
  }
  const given = await sha256(presented);
  let caller: string | undefined;
  for (const { name, digest } of accepted) {
    if (crypto.subtle.timingSafeEqual(given, digest)) caller = name;
  }
  if (caller === undefined) {
    throw unauthorized("The bearer token is not valid.", `${REALM}, error="invalid_token"`);
  }
  return caller;
}

/** The digests of what is configured, which an isolate makes once. */
async function digestTokens(env: Env): Promise<readonly Accepted[]> {
  if (known === undefined || known.tokens !== env.API_TOKEN) {
    const accepted = tokens(env).map(async ({ name, token }) => ({ name, digest: await sha256(token) }));
    known = { tokens: env.API_TOKEN, accepted: await Promise.all(accepted) };
  }
  return known.accepted;
}

/** The tokens that are configured, each with its caller's name: one of each caller, or two during rotation. */
export function tokens(env: Env): { name: string; token: string }[] {
  return (env.API_TOKEN ?? "")
    .split(" ")
    .map((each) => {
      const [, name, token] = /^(?:([^:]*):)?(.*)$/.exec(each)!;
      return { name: name || UNNAMED, token: token! };
    })
    .filter(({ token }) => token !== "");
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

async function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
