// The fleet: every Worker that was uploaded, and the generation that runs those of them that are needed.
//
// As at the edge, an upload costs nothing until the Worker is needed: when it is called, when it has a cron, or when a
// Worker that is needed has a service binding to it. Uploads are gathered: the first call of one that is not loaded as
// it was last uploaded starts one reload for all, and so does a moment of quiet. Never more than one at a time.
import { startGeneration } from "./generation.mjs";
import { serviceTargets } from "./options.mjs";

const QUIET = 300; // ms without an upload before a reload that nobody waits for
const MOST_QUIET = 2_000; // where a reload takes long, the quiet lasts as long as the reload, up to this

export class Fleet {
  #context;
  #uploaded = new Map();
  #called = new Set();
  #current;
  #pending;
  #timer;
  #stop = new AbortController();
  #retiring = new Set();
  #reloads = 0;
  #lastReload = 0; // ms

  constructor(context) {
    this.#context = context;
  }

  put(config) {
    const { crons, workersDev, ...code } = config;
    this.#uploaded.set(config.name, { config, crons, workersDev, text: JSON.stringify(code) });
    this.#plan();
  }

  delete(name) {
    this.#uploaded.delete(name);
    this.#called.delete(name);
    this.#plan();
  }

  /** Change what needs no reload: `workersDev` or `crons`. False where there is no such Worker. */
  change(name, changes) {
    const worker = this.#uploaded.get(name);
    if (worker) Object.assign(worker, changes);
    this.#plan();
    return worker !== undefined;
  }

  has(name) {
    return this.#uploaded.has(name);
  }

  /** Whether a Worker answers at its URL. */
  isPublic(name) {
    return this.#uploaded.get(name)?.workersDev ?? false;
  }

  publicNames() {
    return [...this.#uploaded.keys()].filter((name) => this.isPublic(name)).sort();
  }

  /**
   * A place where the Worker runs as it was last uploaded: {port, release}; undefined where there is no such Worker.
   * Waits for a reload if one is needed.
   */
  async lease(name) {
    if (!this.has(name)) return undefined;
    this.#called.add(name);
    await this.#load([name]);
    if (!this.has(name)) return undefined;
    return { port: this.#current.port, release: this.#current.hold() };
  }

  state() {
    return {
      uploaded: [...this.#uploaded.keys()].sort(),
      loaded: [...(this.#current?.loaded.keys() ?? [])].sort(),
      broken: Object.fromEntries(this.#current?.broken ?? []),
      reloads: this.#reloads,
      lastReloadMs: Math.round(this.#lastReload),
      retiring: this.#retiring.size,
    };
  }

  async dispose() {
    clearTimeout(this.#timer);
    this.#stop.abort();
    await this.#pending?.catch(() => {}); // whoever waits for it was told
    await Promise.all([...this.#retiring, this.#current?.dispose()]);
  }

  /** With the Workers that those named reach by service bindings. */
  #closure(names) {
    const found = new Set(names.filter((name) => this.has(name)));
    for (const name of found) {
      for (const target of serviceTargets(this.#uploaded.get(name).config)) if (this.has(target)) found.add(target);
    }
    return [...found];
  }

  #needed() {
    const scheduled = [...this.#uploaded].filter(([, { crons }]) => crons.length).map(([name]) => name);
    return this.#closure([...this.#called, ...scheduled]);
  }

  /** Changes whenever the Worker has to be loaded anew: with its upload, or when what it binds to comes or goes. */
  #fingerprint(name) {
    const { config, text } = this.#uploaded.get(name);
    return JSON.stringify([text, serviceTargets(config).map((target) => this.has(target))]);
  }

  #isLoaded(name) {
    return this.#current?.loaded.get(name) === this.#fingerprint(name);
  }

  async #load(names) {
    while (!this.#closure(names).every((name) => this.#isLoaded(name))) {
      this.#pending ??= this.#reload().finally(() => (this.#pending = undefined));
      await this.#pending;
    }
  }

  async #reload() {
    const started = performance.now();
    this.#stop.signal.throwIfAborted();
    const needed = this.#needed();
    const workers = needed.map((name) => ({ config: this.#uploaded.get(name).config, fingerprint: this.#fingerprint(name) }));
    const suspects = needed.filter((name) => !this.#isLoaded(name));
    const next = await startGeneration(workers, { ...this.#context, suspects });
    const previous = this.#current;
    this.#current = next;
    this.#reloads += 1;
    this.#lastReload = performance.now() - started;
    if (previous) {
      const retired = previous.retire(this.#stop.signal).finally(() => this.#retiring.delete(retired));
      this.#retiring.add(retired);
    }
  }

  #plan() {
    clearTimeout(this.#timer);
    const quiet = Math.min(Math.max(QUIET, this.#lastReload), MOST_QUIET);
    this.#timer = setTimeout(() => {
      this.#load(this.#needed()).catch((error) => {
        if (!this.#stop.signal.aborted) process.stderr.write(`runtime: the Workers could not be loaded: ${error.message}\n`);
      });
    }, quiet);
  }
}
