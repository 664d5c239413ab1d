// GET /health: is everything bound that the Worker was written for? Nothing is called: the endpoint is public, and a read
// of each dependency per visitor would spend the free plan.
import { type Health, healthResponse } from "#worker-kit/health.ts";

const VERSION = "0.1.0";

/**
 * `fail` (503) when something in `required` is not bound. `unavailable`: capabilities that miss a setting, with its name;
 * they are said, and are no warning, since nobody has to set up what they do not use.
 */
export function showHealth(
  env: object,
  required: readonly string[],
  unavailable: Readonly<Record<string, readonly string[]>>,
): Response {
  const bound = (name: string) => Boolean((env as Record<string, unknown>)[name]);
  const checks = required.map((name) => [
    name,
    [bound(name) ? { status: "pass" } : { status: "fail", output: "not configured" }],
  ]);
  const status: Health = required.every(bound) ? "pass" : "fail";
  return healthResponse(status, { version: VERSION, checks: Object.fromEntries(checks), unavailable });
}
