// What is handed out as it is: the API document. It is a static asset of this Worker (orchestrator/bundle/admin_page.py), so that
// the script stays small.

import type { Call } from "./call.ts";
import { notConfigured } from "./problem.ts";

const PLACE = "/admin/api/";
const HINT = "Run `pulumi up`: it uploads and binds it.";

/** The JSON at `path`. Throws a problem (503) where it is not there. */
export async function showDocument({ env: { ASSETS: assets }, url }: Call, path: string): Promise<Response> {
  const found = await assets?.fetch(new URL(PLACE + path, url));
  if (found?.status !== 200)
    throw notConfigured("ASSETS", `${assets ? "lacks" : "is not bound, which has"} ${path}`, HINT);
  return new Response(found.body, { headers: { "content-type": "application/json" } });
}
