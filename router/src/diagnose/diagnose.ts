// GET /autopilot/diagnose: the token, what is in the account, and what is wrong. The three members `token`, `resources`
// and `timestamp` are those of the setup guide, which scripts read; the others stand beside them.
//
// Nothing is changed. It all goes out at once: 11 calls as a rule, 17 at most, beside the probes; the free plan gives a
// request 50.

import { Problem } from "#worker-kit/problem.ts";
import { missingResources, readAccount } from "../account/account.ts";
import { type Api, cloudflareApi } from "../account/cloudflare-api.ts";
import { probePermissions } from "../account/permissions.ts";
import { NOT_CONFIGURED } from "../account/problems.ts";
import { endpointRules } from "../forward/endpoint-rules.ts";
import { probeAll } from "../health/probe.ts";
import type { Call } from "../http/call.ts";
import { readCopiedRegistrations } from "../registry/copy.ts";
import { readSnapshot } from "../snapshot.ts";
import { allRoutes, stateOf } from "../state.ts";
import { autopilotCheck, cronCheck, r2Check, subdomainCheck } from "./diagnosis.ts";

const MOST_PROBES = 20;

/** Throws a problem: 503 without a token, 502 where Cloudflare refuses it or does not answer. */
export async function diagnose({ env, requestId }: Call): Promise<Response> {
  const api = cloudflareApi(env);
  if (!api) throw new Problem(NOT_CONFIGURED);
  const [token, contents, permissions, subdomain, snapshot, probes] = await Promise.all([
    verifyToken(api),
    readAccount(env),
    probePermissions(api, { queues: env.TASK_QUEUE !== undefined }),
    api("GET", "/workers/subdomain"),
    readSnapshot(env, requestId),
    probeSome(),
  ]);
  const now = new Date();
  const { kv, r2, workers } = contents!; // there is a token
  return Response.json({
    token,
    resources: { kv, r2, workers },
    timestamp: now.toISOString(),
    permissions,
    missing: missingResources(contents!, env),
    checks: [
      subdomainCheck(subdomain),
      r2Check(contents!),
      cronCheck(snapshot, now.getTime()),
      ...probes.map(autopilotCheck),
    ],
  });

  async function probeSome() {
    const routes = allRoutes(stateOf(undefined, await readCopiedRegistrations(env, requestId).catch(() => [])));
    return probeAll(routes.slice(0, MOST_PROBES), env, endpointRules(env), requestId);
  }
}

/** A user's token, or one that belongs to the account: each is known only by its own call. */
async function verifyToken(api: Api): Promise<{ id: string; status: string }> {
  const answers = await Promise.all(["//user/tokens/verify", "/tokens/verify"].map((path) => api("GET", path)));
  const { id = "", status = "unknown" } = (answers.find(({ code, status }) => status === 200 && !code)?.result ??
    {}) as {
    id?: string;
    status?: string;
  };
  return { id, status };
}
