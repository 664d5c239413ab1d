// GET /autopilot/capabilities/<name>: the catalogue's entry.

import catalog from "catalog";
import { Problem } from "#worker-kit/problem.ts";
import type { Call } from "../http/call.ts";
import { nearestNames } from "../routing/nearest.ts";

/** Throws a problem: 404. */
export function showCapability({ parameter: name }: Call): Response {
  if (Object.hasOwn(catalog, name)) return Response.json(catalog[name]);
  throw new Problem({
    status: 404,
    title: "Not in the catalogue",
    detail: `The catalogue has no capability ${name}.`,
    members: { known: nearestNames(name, Object.keys(catalog)) },
  });
}
