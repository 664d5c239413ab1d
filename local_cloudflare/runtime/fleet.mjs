// The fleet: every Worker that was uploaded, and the generations that run those of them that are needed.
//
// As at the edge, an upload costs nothing until the Worker is needed: when it is called, when it has a cron, or when a
// Worker that is needed has a service binding to it. Two things load Workers, each one at a time:
//
// - A call of one that runs nowhere as it was last uploaded starts a generation with it and what it binds to (and with
//   those of other calls that wait). So it waits for few Workers only, however many there are.
// - A moment of quiet starts one generation of all that is needed, which takes the place of all others.
//
// A request is served by the newest generation in which the Worker, and all that it can reach, is as last uploaded.
import { startGeneration } from "./generation.mjs";
import { serviceTargets } from "./options.mjs";

const QUIET = 300; // ms without an upload
const MOST_GENERATIONS = 5; // then the oldest one goes; each is a process of 60 MB and more

export class Fleet {
  #context;
  #uploaded = new Map();
  #revisions = 0;
  #called = new Set();
  #live = []; // newest first
  #waiting = new Set();
  #loading; // for the Workers that were waiting
  #gathering; // of all that is needed: {fingerprints, done}
  #timer;
  #stop = new AbortController();
  #retiring = new Set();
  #loads = 0;
  #lastLoad = 0; // ms

  constructor(context) {
    this.#context = context;
  }

  put(config) {
    const { crons, workersDev, ...code } = config;
    const text = JSON.stringify(code);
    const previous = this.#uploaded.get(config.name);
    const revision = previous?.text === text ? previous.revision : ++this.#revisions;
    this.#uploaded.set(config.name, { config, crons, workersDev, text, revision });
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
   * Waits until it is loaded; rejects when that fails.
   */
  async lease(name) {
    if (this.has(name)) this.#called.add(name);
    while (this.has(name)) {
      const generation = this.#find(name);
      if (generation) return { port: generation.port, release: generation.hold() };
      await this.#load(name);
    }
    return undefined;
  }

  state() {
    const loaded = new Set(this.#live.flatMap((generation) => [...generation.loaded.keys()]));
    return {
      uploaded: [...this.#uploaded.keys()].sort(),
      loaded: [...loaded].sort(),
      broken: Object.fromEntries(this.#live.flatMap((generation) => [...generation.broken])),
      generations: this.#live.length,
      retiring: this.#retiring.size,
      loads: this.#loads,
      lastLoadMs: Math.round(this.#lastLoad),
    };
  }

  async dispose() {
    clearTimeout(this.#timer);
    this.#stop.abort();
    await Promise.allSettled([this.#loading, this.#gathering?.done]); // whoever waits for them is told
    await Promise.all([...this.#retiring, ...this.#live.map((generation) => generation.dispose())]);
  }

  /** Those named, with the Workers that they reach by service bindings. */
  #closure(names) {
    const found = new Set([...names].filter((name) => this.has(name)));
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
    const { config, revision } = this.#uploaded.get(name);
    return [revision, ...serviceTargets(config).filter((target) => !this.has(target))].join(" ");
  }

  #hasCurrent(fingerprints, names) {
    return names.every((name) => fingerprints.get(name) === this.#fingerprint(name));
  }

  #find(name) {
    const names = this.#closure([name]);
    return this.#live.find(({ loaded }) => this.#hasCurrent(loaded, names));
  }

  async #load(name) {
    if (this.#gathering && this.#hasCurrent(this.#gathering.fingerprints, this.#closure([name]))) {
      return this.#gathering.done;
    }
    this.#waiting.add(name);
    this.#loading ??= this.#loadWaiting().finally(() => (this.#loading = undefined));
    return this.#loading;
  }

  async #loadWaiting() {
    await Promise.resolve(); // let all calls of this moment be heard
    const names = this.#closure(this.#waiting);
    this.#waiting.clear();
    this.#live.unshift(await this.#start(names));
    if (this.#live.length > MOST_GENERATIONS) this.#retire(this.#live.pop());
    if (!this.#timer) this.#plan();
  }

  /** One generation of all that is needed, in place of all others. */
  #gather() {
    const names = this.#needed();
    const fingerprints = new Map(names.map((name) => [name, this.#fingerprint(name)]));
    const replace = async () => {
      const next = await this.#start(names);
      for (const previous of this.#live) this.#retire(previous);
      this.#live = [next];
    };
    this.#gathering ??= { fingerprints, done: replace().finally(() => (this.#gathering = undefined)) };
    return this.#gathering.done;
  }

  async #start(names) {
    this.#stop.signal.throwIfAborted();
    const started = performance.now();
    const workers = names.map((name) => ({
      config: this.#uploaded.get(name).config,
      fingerprint: this.#fingerprint(name),
      broken: this.#live.find(({ loaded }) => this.#hasCurrent(loaded, [name]))?.broken.get(name),
    }));
    const generation = await startGeneration(workers, this.#context);
    this.#loads += 1;
    this.#lastLoad = performance.now() - started;
    return generation;
  }

  #retire(generation) {
    const retired = generation
      .retire(this.#stop.signal)
      .catch((error) => this.#report(error))
      .finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  #plan() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tidy().catch((error) => this.#report(error)), QUIET);
  }

  async #tidy() {
    this.#timer = undefined;
    await this.#gathering?.done;
    const needed = this.#needed();
    if (!needed.length && !this.#live.length) return;
    if (this.#live.length !== 1 || !this.#hasCurrent(this.#live[0].loaded, needed)) await this.#gather();
  }

  #report(error) {
    if (this.#stop.signal.aborted) return; // the runtime stops
    process.stderr.write(`The Workers runtime could not load the Workers: ${error.message}\n`);
  }
}
