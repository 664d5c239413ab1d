// What an endpoint may be for this router: the same rules when it is registered, when it is probed, and when it is called.

import routingTable from "routing-table";
import type { Env } from "../env.ts";
import type { UrlRules } from "../routing/urls.ts";

/** The router's own hosts are the one that `request` came to, where there is one, and the one it is deployed at. */
export function endpointRules(env: Env, request?: Request): UrlRules {
  return {
    ownHosts: [request?.url, env.PUBLIC_URL].filter((url) => url !== undefined).map((url) => new URL(url).hostname),
    allowedHosts: routingTable.allowedHosts,
    allowLoopbackHttp: env.STAGE === "local",
  };
}
