// What an endpoint may be for this router: the same rules when it is registered, when it is probed, and when it is called.

import routingTable from "routing-table";
import type { Env } from "../env.ts";
import type { UrlRules } from "../routing/urls.ts";

/** The router's own hosts are the one that `request` came to, where there is one, and the one it is deployed at. */
export function endpointRules(env: Env, request?: Request): UrlRules {
  return {
    ownHosts: [request?.url, env.PUBLIC_URL].filter((url) => url !== undefined).map(ownHost),
    allowedHosts: routingTable.allowedHosts,
    allowLoopbackHttp: env.STAGE === "local",
  };
}

/** This machine is everybody's that has a port on it, so there the port tells who is meant. */
function ownHost(url: string): string {
  const { host, hostname } = new URL(url);
  return /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(hostname) ? host : hostname;
}
