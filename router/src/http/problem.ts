// The router's problems that more than one of its modules has. Their titles are part of the contract, word for word, so
// that scripts can match them; orchestrator/routing/problem.py has the same ones.

import { Problem } from "#worker-kit/problem.ts";

export const FORWARD_FAILED = "Failed to forward task";
export const NOT_READY = "Infrastructure not ready";

export function unsupported(capability: string): string {
  return `No autopilot currently supports ${capability}`;
}

/** What was not foreseen; its text goes to the log alone. */
export const FAULT = {
  status: 500,
  title: "Internal error",
  detail: "The orchestrator failed; the reason is in its log under the same request id.",
};

/** As its caller is told: an error of D1 or KV may be over in a moment, any other is a fault of ours. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(/^(D1_|KV )/.test((error as Error | null)?.message ?? "") ? STORAGE : FAULT);
}

const STORAGE = {
  status: 503,
  title: "Storage not available",
  detail:
    "The orchestrator's records could not be read or written; the reason is in its log under the same request id.",
  members: { hint: "Send it again in a few seconds." },
  headers: { "Retry-After": "5" },
};

/** A secret of the router that is absent or broken; it refuses then, for it must never be open or unsigned. */
export function notConfigured(secret: string, why: string, hint: string): Problem {
  const detail = `${secret} ${why}.`;
  return new Problem({ status: 503, title: "Not configured", detail, members: { missing: [secret], hint } });
}
