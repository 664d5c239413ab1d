// GET /health, as health+json (draft-inadarei-api-health-check): is everything bound that the Worker was written for?
// Nothing is called: the endpoint is public, and a read of each dependency per visitor would spend the free plan.

export const VERSION = "0.1.0";

type Status = "pass" | "warn" | "fail";

/** `fail` (503) when something in `required` is not bound, `warn` when something in `optional` is not. */
export function health(env: object, required: readonly string[], optional: readonly string[]): Response {
  const bound = (name: string) => Boolean((env as Record<string, unknown>)[name]);
  const check = (name: string, otherwise: Status) =>
    [name, [bound(name) ? { status: "pass" } : { status: otherwise, output: "not configured" }]] as const;
  const checks = [...required.map((name) => check(name, "fail")), ...optional.map((name) => check(name, "warn"))];
  const status: Status = !required.every(bound) ? "fail" : !optional.every(bound) ? "warn" : "pass";
  return new Response(JSON.stringify({ status, version: VERSION, checks: Object.fromEntries(checks) }), {
    status: status === "fail" ? 503 : 200,
    headers: { "content-type": "application/health+json", "cache-control": "no-store" },
  });
}
