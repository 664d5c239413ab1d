// A generation: one workerd with a set of Workers as they were at one moment.
//
// To reload is to start the next generation and then to let the old one finish what it is doing. Nothing waits for
// that but the old one's memory, so it has time: requests in flight end as they began.

import { setTimeout as sleep } from "node:timers/promises";
import { Response } from "miniflare";
import { DIRECT, startWorkerd } from "./miniflare.mjs";
import { substitute, workerOptions } from "./options.mjs";
import { systemWorker } from "./system.mjs";

const DRAIN = 30_000; // ms that requests in flight have
const WAIT_UNTIL = 5_000; // ms that waitUntil() has after the last answer (at the edge: 30,000)
const CF = { colo: "LOCAL", country: "XX", httpProtocol: "HTTP/1.1" }; // request.cf

/**
 * Start `workers`: entries of {config, fingerprint, broken}; `broken` is the reason why one is known not to start.
 * A Worker whose code does not start is replaced by a page that says so, and the others run. Rejects when none of the
 * Workers is the cause.
 */
export async function startGeneration(workers, context) {
  const broken = new Map(workers.filter(({ broken }) => broken).map(({ config, broken }) => [config.name, broken]));
  for (;;) {
    try {
      return await start(workers, broken, context);
    } catch (error) {
      const isOurs = ([name]) => !broken.has(name) && workers.some(({ config }) => config.name === name);
      const culprits = (error.culprits ?? namedIn(error)).filter(isOurs);
      if (!culprits.length) throw error;
      for (const [name, reason] of culprits) broken.set(name, `Worker ${name} does not start: ${reason}`);
    }
  }
}

async function start(workers, broken, { data, queues, token, frontPort, logs, log, ai: workersAi }) {
  const names = new Set(workers.map(({ config }) => config.name));
  const absent = (name) => broken.get(name) ?? (names.has(name) ? undefined : `there is no Worker ${name}`);
  const dispatch = systemWorker("dispatch", {
    bindings: { TOKEN: token, CF },
    compatibilityFlags: ["service_binding_extra_handlers"],
    serviceBindings: Object.fromEntries(
      [...names].flatMap((name) => [
        [`worker:${name}`, broken.has(name) ? substitute(broken.get(name)) : name],
        [`${DIRECT}${name}`, broken.has(name) ? substitute(broken.get(name)) : name],
      ]),
    ),
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  });
  const outbound = systemWorker("outbound", {
    compatibilityFlags: ["connect_pass_through", "experimental"],
    bindings: { FRONT_PORT: String(frontPort) },
    serviceBindings: { FRONT: { external: { address: `127.0.0.1:${frontPort}`, http: {} } } },
  });
  const tail = systemWorker("tail", { serviceBindings: { LOGS: (request) => receive(request, logs) } });
  const ai = systemWorker("ai", {
    compatibilityDate: undefined,
    serviceBindings: { SERVICE: (request) => workersAi.answer(request) },
  });
  const uploaded = workers
    .filter(({ config }) => !broken.has(config.name))
    .map(({ config }) => {
      try {
        return workerOptions(config, { data, queues, absent });
      } catch (error) {
        throw Object.assign(error, { culprits: [[config.name, error.message]] });
      }
    });
  const system = [dispatch, outbound, tail, systemWorker("substitute"), ai];
  const miniflare = await startWorkerd({ workers: [...system, ...uploaded], log });
  const { port } = await miniflare.unsafeGetDirectURL(dispatch.name);
  const loaded = new Map(workers.map(({ config, fingerprint }) => [config.name, fingerprint]));
  return new Generation({ miniflare, port: Number(port), loaded, broken });
}

async function receive(request, logs) {
  logs.receive(new URL(request.url).pathname.slice(1), await request.json());
  return new Response(null, { status: 204 });
}

/** Which services workerd blamed, and its words: [[name, message]]. */
function namedIn(error) {
  const lines = error.message.split("\n").filter((line) => line.startsWith("{"));
  return lines
    .map((line) => /^service core:user:([^:]+): (.*)$/s.exec(JSON.parse(line).message))
    .filter((match) => match)
    .map(([, name, message]) => [name, message]);
}

class Generation {
  #miniflare;
  #active = 0;
  #lastRelease = -Infinity;
  #idle = () => {};

  constructor({ miniflare, port, loaded, broken }) {
    this.#miniflare = miniflare;
    this.port = port;
    this.loaded = loaded; // fingerprint by name
    this.broken = broken; // reason by name
  }

  /** Hold it while a request is in flight; call what this gives when the request has ended. */
  hold() {
    this.#active += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#active -= 1;
      this.#lastRelease = performance.now();
      if (this.#active === 0) this.#idle();
    };
  }

  /** Let requests in flight and their waitUntil() end, then stop. */
  async retire(signal) {
    try {
      if (this.#active > 0) {
        const idle = new Promise((resolve) => {
          this.#idle = () => resolve(undefined);
        });
        await Promise.race([idle, sleep(DRAIN, undefined, { signal })]);
      }
      const left = this.#lastRelease + WAIT_UNTIL - performance.now();
      if (left > 0) await sleep(left, undefined, { signal });
    } catch (error) {
      if (error.name !== "AbortError") throw error; // aborted: the runtime stops, and nobody waits
    }
    await this.dispose();
  }

  dispose() {
    return this.#miniflare.dispose();
  }
}
