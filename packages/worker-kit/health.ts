// Health documents: health+json (draft-inadarei-api-health-check).

export type Health = "pass" | "warn" | "fail";

/** `pass` and `warn` are 200, `fail` is 503. */
export function healthResponse(status: Health, document: Readonly<Record<string, unknown>>): Response {
  return new Response(JSON.stringify({ status, ...document }), {
    status: status === "fail" ? 503 : 200,
    headers: { "content-type": "application/health+json", "cache-control": "no-store" },
  });
}
