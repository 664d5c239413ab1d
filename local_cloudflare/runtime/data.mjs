// The data: one workerd with miniflare's KV, R2 and D1, behind the gateway. It is never reloaded.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startWorkerd } from "./miniflare.mjs";
import { dataBinding } from "./plugin.mjs";
import { systemWorker } from "./system.mjs";

const NONE = { _: "_" }; // a binding that nobody uses, so that miniflare brings the objects of that kind

/** Start it on `directory`. Gives `address` (host:port of the gateway) and `dispose`. */
export async function startData({ directory, token, log }) {
  const kvPersist = join(directory, "kv");
  const r2Persist = join(directory, "r2");
  const d1Persist = join(directory, "d1");
  for (const path of [kvPersist, r2Persist, d1Persist]) mkdirSync(path, { recursive: true });
  const gateway = systemWorker("gateway", {
    bindings: { TOKEN: token },
    unsafeBindings: [dataBinding("KV", "kv"), dataBinding("R2", "r2"), dataBinding("D1", "d1")],
    kvNamespaces: NONE,
    r2Buckets: NONE,
    d1Databases: NONE,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const miniflare = await startWorkerd({ workers: [gateway], log, kvPersist, r2Persist, d1Persist });
  const { host } = await miniflare.unsafeGetDirectURL(gateway.name);
  return { address: host, dispose: () => miniflare.dispose() };
}
