// POST /autopilot/heal: a person asks for a heal of whatever differs, also of what the router cannot see itself.

import type { Call } from "../http/call.ts";
import { requestHeal } from "./heal-request.ts";

/** 202 where a heal is under way, else 200; the answer says why not. */
export async function askForHeal({ env, requestId, caller }: Call): Promise<Response> {
  const heal = await requestHeal(env, { missing: [], source: "request", caller }, requestId);
  const isUnderWay = heal.status === "requested" || heal.status === "already-requested";
  return Response.json(heal, { status: isUnderWay ? 202 : 200 });
}
