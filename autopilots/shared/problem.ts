// Problems that several autopilots have. The member `outcome` tells the orchestrator what is certain: `rejected` (nothing
// was done, so the same task may be sent again) or `unknown`.
import { Problem } from "#worker-kit/problem.ts";

/** 503: a binding, secret or variable that the call needs is not there or not usable. `missing`: their names. */
export function notConfigured(missing: string[], hint: string): Problem {
  const detail = `Not set, or not usable: ${missing.join(", ")}; ${hint}`;
  return new Problem({ status: 503, title: "Not configured", detail, members: { missing, hint, outcome: "rejected" } });
}
