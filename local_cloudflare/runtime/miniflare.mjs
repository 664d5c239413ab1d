// miniflare, as the runtime needs it: quiet, offline, on loopback only, and lean.
//
// Lean: for each Worker miniflare runs two more of its own in workerd, one for fetch() and one for the Cache API, each
// an isolate of 4 MB and 5 ms. Here all Workers share one of each: 200 Workers start in 1.3 s instead of 4.3 s and take
// 290 MB instead of 840. miniflare has no option for that, so some of its plugins are wrapped; its version is pinned.

import { appendFile } from "node:fs";
import {
  ASSETS_PLUGIN,
  CACHE_PLUGIN,
  CORE_PLUGIN,
  Log,
  LogLevel,
  Miniflare,
  supportedCompatibilityDate,
} from "miniflare";

class StandardErrorLog extends Log {
  /** @override */
  log(message) {
    process.stderr.write(`${message}\n`);
  }
}

/** Service bindings whose names begin so lead past the Worker that miniflare puts in front of static assets: that one passes
 * no batch of a queue on. */
export const DIRECT = "direct:";

const coreServices = CORE_PLUGIN.getServices.bind(CORE_PLUGIN);
const cacheServices = CACHE_PLUGIN.getServices.bind(CACHE_PLUGIN);

CORE_PLUGIN.getServices = async (options) => {
  const result = await coreServices(options);
  if (!result || !("services" in result)) return result;
  const outbound = options.options.outboundService;
  const services = result.services.filter(({ name }) => name !== `outbound:${options.workerIndex}`);
  for (const { worker } of /** @type {any[]} */ (services)) {
    if (worker?.globalOutbound) worker.globalOutbound = { name: outbound ? `core:user:${outbound}` : "internet" };
    if (worker?.cacheApiOutbound) worker.cacheApiOutbound = { name: "cache:0" };
    for (const { name, service } of worker?.bindings ?? []) {
      if (name.startsWith(DIRECT)) service.name = service.name.replace(/^assets:rpc-proxy:/, "core:user:");
    }
  }
  return { ...result, services };
};
// miniflare has one name for the files of all Workers with assets, so one of them would answer with another's.
const assetServices = ASSETS_PLUGIN.getServices.bind(ASSETS_PLUGIN);
const STORAGE = "assets:storage";
ASSETS_PLUGIN.getServices = async (options) => {
  const services = /** @type {any[]} */ (await assetServices(options));
  const own = `${STORAGE}:${options.options.assets?.workerName}`;
  for (const service of services) {
    if (service.name === STORAGE) service.name = own;
    for (const binding of service.worker?.bindings ?? [])
      if (binding.service?.name === STORAGE) binding.service.name = own;
  }
  return services;
};
CACHE_PLUGIN.getServices = async (options) => (options.workerIndex === 0 ? cacheServices(options) : []);

/** The newest compatibility date that this workerd knows. */
export const newestCompatibilityDate = supportedCompatibilityDate;

/** Start a workerd with `workers`; what it prints goes to the file `log`. Rejects when it does not start. */
export async function startWorkerd({ workers, log, ...options }) {
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    logRequests: false,
    log: new StandardErrorLog(LogLevel.WARN),
    structuredWorkerdLogs: true,
    handleRuntimeStdio(output, errors) {
      output.resume(); // what Workers write is taken by their tail, with their name
      errors.on("data", (chunk) => appendFile(log, chunk, () => {}));
    },
    ...options,
    workers: workers.map((worker) => ({ cache: false, ...worker })),
  });
  try {
    await miniflare.ready;
  } catch (error) {
    await miniflare.dispose().catch(() => {}); // already failed: the first error is the one to tell
    throw error;
  }
  return miniflare;
}
