// Which endpoints may be called; the twin of orchestrator/urls.py, run against tests/conformance/urls.json.

export interface UrlRules {
  /** The orchestrator's own host, which would be a loop. */
  readonly ownHost: string;
  /** Empty: any public host. `*.example.com` stands for all below example.com. */
  readonly allowedHosts: readonly string[];
  /** Only in the local stack: plain HTTP, and only to loopback. */
  readonly allowLoopback: boolean;
}

/** Why `endpoint` may not be called, or null. */
export function endpointError(endpoint: string, rules: UrlRules): string | null {
  const url = URL.parse(endpoint);
  if (!url) return "it is no URL";
  if (rules.allowLoopback && url.hostname === "127.0.0.1") return null;
  if (url.protocol !== "https:") return "it must begin with https://";
  return null;
}
