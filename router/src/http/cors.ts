// Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol) of the pages that autopilots.yaml allows. A
// preflight carries no token, so it is answered without one; the request itself needs one like any other.

import routingTable from "routing-table";

const ALLOWED = "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, x-request-id";
const EXPOSED =
  "allow, etag, idempotency-replayed, location, retry-after, www-authenticate, x-autopilot, x-request-id, x-run-id";
const MAX_AGE_S = "600";

/** The answer to a preflight of an allowed origin; undefined for any other request. */
export function preflight({ method, headers }: Request): Response | undefined {
  if (method !== "OPTIONS" || !headers.has("access-control-request-method") || !originOf(headers)) return undefined;
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, HEAD, POST, DELETE",
      "access-control-allow-headers": ALLOWED,
      "access-control-max-age": MAX_AGE_S,
    },
  });
}

/** What each answer says of it; caches must know that another origin is answered otherwise. */
export function setCorsHeaders({ headers: asked }: Request, headers: Headers): void {
  if (routingTable.allowedOrigins.length === 0) return;
  headers.append("vary", "Origin");
  const origin = originOf(asked);
  if (!origin) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", EXPOSED);
}

function originOf(headers: Headers): string | undefined {
  return routingTable.allowedOrigins.find((each) => each === headers.get("origin"));
}
