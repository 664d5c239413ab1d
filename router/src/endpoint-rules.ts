// What an endpoint may be for this router: the same rules when it is registered and when it is called.

import routingTable from "routing-table";
import type { Env } from "./env.ts";
import type { UrlRules } from "./urls.ts";

/** The rules for a call that came in as `request`: its host is the router's own. */
export function endpointRules(env: Env, request: Request): UrlRules {
  return {
    ownHosts: [new URL(request.url).hostname],
    allowedHosts: routingTable.allowedHosts,
    allowLoopbackHttp: env.STAGE === "local",
  };
}
