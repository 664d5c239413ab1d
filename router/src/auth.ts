// Who may call: the bearer token of the stack's configuration.
//
// Both sides are hashed before they are compared, since crypto.subtle.timingSafeEqual wants equal lengths and a length
// would tell something too; every accepted token is compared, so that the time does not tell which one matched.

import type { Env } from "./env.ts";
import { notConfigured, Refused } from "./problem.ts";

const HINT = "Set it: `openssl rand -hex 32 | pulumi config set --secret apiToken`, then run `pulumi up`.";
const REALM = 'Bearer realm="autopilot-orchestrator"';

/** Throws Refused: 503 when no token is configured, 401 when the caller does not present one that is. */
export async function authenticate(request: Request, env: Env): Promise<void> {
  const accepted = tokens(env);
  if (accepted.length === 0) {
    throw new Refused(
      notConfigured("API_TOKEN", "is not bound, so nobody may call", HINT),
    );
  }
  const presented = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (presented === undefined) {
    throw new Refused(unauthorized("This needs a bearer token.", REALM));
  }
  const given = await sha256(presented);
  let matches = false;
  for (const token of accepted) {
    const equal = crypto.subtle.timingSafeEqual(given, await sha256(token));
    matches = equal || matches;
  }
  if (!matches) {
    throw new Refused(unauthorized("The bearer token is not valid.", `${REALM}, error="invalid_token"`));
  }
}

/** The tokens that are configured: one, or two during rotation. */
export function tokens(env: Env): string[] {
  return (env.API_TOKEN ?? "").split(" ").filter((token) => token !== "");
}

function unauthorized(detail: string, challenge: string) {
  return {
    status: 401,
    title: "Unauthorized",
    detail,
    members: { hint: "Send the header `Authorization: Bearer …` with the stack's apiToken." },
    headers: { "WWW-Authenticate": challenge },
  };
}

async function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
