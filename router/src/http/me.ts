// GET /autopilot/me: who the caller is and what it may do, so that a page shows it nothing else.

import freePlan from "free-plan";
import routingTable from "routing-table";
import type { Right } from "../routing/table.ts";
import type { Call } from "./call.ts";

const RIGHTS: readonly Right[] = ["plan", "read", "register", "heal", "approve", "resolve"];

/** `tasks`: those that it may ask for, null for all. `needsAnother`: nobody settles a run that it asked for itself. */
export function showMe({ env, caller, rule }: Call): Response {
  return Response.json({
    caller,
    may: rule?.may ?? RIGHTS,
    tasks: rule && rule.tasks.length > 0 ? rule.tasks : null,
    needsAnother: Object.keys(routingTable.callers).length > 0,
    stage: env.STAGE ?? "unknown",
    build: env.BUILD_ID ?? "unknown",
    freePlan: { requestsADay: freePlan.requests![1] },
  });
}
