// In workerd: evaluates an upload's modules in an isolate of their own, without bindings or network, and says which
// handlers they export. The errors are those that workerd itself gives when the Worker is loaded.
const HANDLERS = ["fetch", "scheduled", "queue", "email", "tail", "trace", "tailStream", "test"];

/** @param {string} main */
const entry = (main) => `
import { WorkerEntrypoint } from "cloudflare:workers";
import * as main from ${JSON.stringify(main)};
export * from ${JSON.stringify(main)};
export default main.default ?? {};
export class LocalCheck extends WorkerEntrypoint {
  handlers() {
    const worker = typeof main.default === "function" ? main.default.prototype : main.default;
    return ${JSON.stringify(HANDLERS)}.filter((name) => typeof worker?.[name] === "function");
  }
}`;

export default {
  /** @param {Request} request @param {{LOADER: any}} env */
  async fetch(request, env) {
    const { main, compatibilityDate, compatibilityFlags, modules } = /** @type {any} */ (await request.json());
    for (const module of Object.values(modules)) {
      for (const binary of ["data", "wasm"]) {
        if (binary in module) module[binary] = Uint8Array.from(atob(module[binary]), (c) => c.charCodeAt(0)).buffer;
      }
    }
    try {
      const worker = env.LOADER.load({
        compatibilityDate,
        compatibilityFlags,
        mainModule: "local-check.js",
        modules: { ...modules, "local-check.js": { js: entry(main) } },
        globalOutbound: null,
      });
      return Response.json({ handlers: await worker.getEntrypoint("LocalCheck").handlers() });
    } catch (error) {
      return Response.json({ error: /** @type {Error} */ (error).message.replace(/^Failed to start Worker:\n/, "") });
    }
  },
};
