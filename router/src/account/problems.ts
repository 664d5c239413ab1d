// Why the account could not be read, as the caller is told.

import { Problem } from "#worker-kit/problem.ts";
import type { ApiAnswer } from "./cloudflare-api.ts";

/** What each list needs. */
const READS = {
  kv: "Workers KV Storage Read",
  r2: "Workers R2 Storage Read",
  d1: "D1 Read",
  workers: "Workers Scripts Read",
} as const;
/** The token itself is refused, so nothing can be read with it. */
const INVALID_TOKEN = new Set([1000, 6003, 9106, 9109, 10001]);
const SET = "set it: `pulumi config set --secret diagnoseToken`, then run `pulumi up`.";

export const NOT_CONFIGURED = {
  status: 503,
  title: "Diagnostics not configured",
  detail: "The orchestrator has no token to look into the Cloudflare account with.",
  members: {
    missing: ["CLOUDFLARE_API_TOKEN"],
    hint: `Make a token that may Read: Workers Scripts, Workers KV Storage, Workers R2 Storage, D1, Account Settings; ${SET}`,
  },
};

/** Throws a problem (502) where one of the lists was not given; with the permissions where the token was refused. */
export function refuseUnread(lists: Readonly<Partial<Record<keyof typeof READS, ApiAnswer | undefined>>>): void {
  const names = (Object.keys(READS) as (keyof typeof READS)[]).filter((list) => lists[list]);
  const first = names[0];
  if (!first) return;
  const invalid = names
    .map((list) => lists[list]!)
    .find(({ status, code }) => INVALID_TOKEN.has(code) || status === 401);
  const refused = invalid
    ? Object.values(READS)
    : names.filter((list) => lists[list]!.status === 403).map((list) => READS[list]);
  throw refused.length > 0 ? refusedToken(refused, invalid) : unread(first, lists[first]!);
}

function refusedToken(missing: readonly string[], invalid: ApiAnswer | undefined): Problem {
  const why = invalid
    ? `it is not valid: ${invalid.message} [code: ${invalid.code}]`
    : `it lacks ${missing.join(", ")}`;
  return new Problem({
    status: 502,
    title: "Authentication error [code: 10000]",
    detail: `Cloudflare refused the diagnosis token: ${why}.`,
    members: { missingPermissions: missing, hint: `Add what is missing, or make another token and ${SET}` },
  });
}

function unread(list: string, { status, code, message, retryAfter }: ApiAnswer): Problem {
  const said = `${status ? `HTTP ${status} ` : ""}${message}${code ? ` [code: ${code}]` : ""}`;
  return new Problem({
    status: 502,
    title: "Cloudflare did not answer",
    detail: `The account's list of ${list} could not be read: ${said}.`,
    members: { hint: "Try again in a few minutes; https://www.cloudflarestatus.com says whether it is on their side." },
    ...(retryAfter ? { headers: { "Retry-After": retryAfter } } : {}),
  });
}
