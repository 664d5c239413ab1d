// Whether an upload's code starts, found out by starting it: in a workerd of its own, so that code that never returns
// harms nothing else. It is started when it is needed, and stopped when it has not been needed for a while.
import { readFileSync } from "node:fs";
import { startWorkerd } from "./miniflare.mjs";
import { compatibility } from "./options.mjs";
import { systemWorker } from "./system.mjs";

const LIMIT = 5_000; // ms; far above the edge's limit of 1 s of CPU, since this machine may be busy
const IDLE = 10_000; // ms
const MODULE_TYPES = { esm: "js", cjs: "cjs", text: "text", json: "json", data: "data", wasm: "wasm" };

export class Checker {
  #log;
  #running;
  #idle;

  constructor(log) {
    this.#log = log;
  }

  /** {handlers, startupTimeMs}, or {error} with the script's own error. */
  async check(config) {
    clearTimeout(this.#idle);
    const running = (this.#running ??= this.#start());
    try {
      const { address } = await running;
      const body = JSON.stringify({ main: config.mainModule, ...compatibility(config), modules: modules(config) });
      const started = performance.now();
      const response = await fetch(address, { method: "POST", body, signal: AbortSignal.timeout(LIMIT) });
      return {
        .../** @type {object} */ (await response.json()),
        startupTimeMs: Math.round(performance.now() - started),
      };
    } catch (error) {
      if (this.#running === running) await this.dispose();
      if (error.name !== "TimeoutError") throw error;
      return { error: "Script startup exceeded CPU time limit." };
    } finally {
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => this.dispose(), IDLE);
    }
  }

  async dispose() {
    clearTimeout(this.#idle);
    const running = this.#running;
    this.#running = undefined;
    const started = await running?.catch(() => undefined); // whoever waits for the start is told
    await started?.miniflare.dispose();
  }

  async #start() {
    const worker = systemWorker("check", {
      compatibilityFlags: ["experimental"],
      workerLoaders: { LOADER: {} },
      unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    });
    const miniflare = await startWorkerd({ workers: [worker], log: this.#log });
    return { miniflare, address: await miniflare.unsafeGetDirectURL(worker.name) };
  }
}

function modules({ modules }) {
  return Object.fromEntries(
    modules.map(({ name, type, path }) => {
      const contents = readFileSync(path);
      const kind = MODULE_TYPES[type];
      if (kind === "json") return [name, { json: JSON.parse(contents.toString()) }];
      return [name, { [kind]: contents.toString(kind === "data" || kind === "wasm" ? "base64" : "utf8") }];
    }),
  );
}
