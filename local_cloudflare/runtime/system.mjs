// The runtime's own Workers, from system/. Their names have a colon, which no uploaded Worker's name can have.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** miniflare's options of the Worker in system/<file>.mjs. */
export function systemWorker(file, options = {}) {
  const contents = readFileSync(join(import.meta.dirname, "system", `${file}.mjs`), "utf8");
  return {
    name: `local:${file}`,
    modulesRoot: "/",
    modules: [{ type: "ESModule", path: `/${file}.mjs`, contents }],
    compatibilityDate: "2026-07-01",
    ...options,
  };
}
