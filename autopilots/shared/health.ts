// GET /health: is everything bound that the Worker was written for? Nothing is called: the endpoint is public, and a read
// of each dependency per visitor would spend the free plan. A Worker without an address may look at more.
import { type Health, healthResponse } from "#worker-kit/health.ts";

const VERSION = "0.1.0";

/** What an autopilot says of its work; `checks` as in health+json, by name. */
export interface Finding {
  readonly status: Health;
  readonly checks: Readonly<Record<string, readonly object[]>>;
}

/**
 * `fail` (503) when something in `required` is not bound. `unavailable`: capabilities that miss a setting, with its name;
 * they are said, and are no warning, since nobody has to set up what they do not use.
 */
export function showHealth(
  env: object,
  required: readonly string[],
  unavailable: Readonly<Record<string, readonly string[]>>,
  found: Finding = { status: "pass", checks: {} },
): Response {
  const missing = unbound(env, required);
  const checks = required.map((name) => [
    name,
    [missing.includes(name) ? { status: "fail", output: "not configured" } : { status: "pass" }],
  ]);
  const status: Health = missing.length === 0 ? found.status : "fail";
  return healthResponse(status, {
    version: VERSION,
    checks: { ...Object.fromEntries(checks), ...found.checks },
    unavailable,
  });
}

/** Those of `names` that are not bound. */
export function unbound(env: object, names: readonly string[]): string[] {
  return names.filter((name) => !(env as Record<string, unknown>)[name]);
}
