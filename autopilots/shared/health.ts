// GET /health: is everything bound that the Worker was written for? Nothing is called: the endpoint is public, and a read
// of each dependency per visitor would spend the free plan.
import { type Health, healthResponse } from "#worker-kit/health.ts";

const VERSION = "0.1.0";

/** `fail` (503) when something in `required` is not bound, `warn` when something in `optional` is not. */
export function showHealth(env: object, required: readonly string[], optional: readonly string[]): Response {
  const bound = (name: string) => Boolean((env as Record<string, unknown>)[name]);
  const check = (name: string, otherwise: Health) =>
    [name, [bound(name) ? { status: "pass" } : { status: otherwise, output: "not configured" }]] as const;
  const checks = [...required.map((name) => check(name, "fail")), ...optional.map((name) => check(name, "warn"))];
  const status: Health = !required.every(bound) ? "fail" : !optional.every(bound) ? "warn" : "pass";
  return healthResponse(status, { version: VERSION, checks: Object.fromEntries(checks) });
}
