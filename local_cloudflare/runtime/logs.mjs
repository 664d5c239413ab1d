// What Workers wrote and threw: the last lines in memory, all of them in a file that can be followed with `tail -f`.
import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { Stacks } from "./stacks.mjs";

/** The level of a line that tells of a request. */
export const REQUEST = "request";
const KEPT = 5_000; // lines in memory
const FILE_SIZE = 10_000_000; // bytes: a file that is larger at the start is put aside

export class Logs extends EventEmitter {
  #lines = [];
  #seq = Date.now() * 1000; // so that it keeps growing when the runtime is restarted
  #file;
  #stacks = new Map();
  /** @type {Record<string, number>} */
  #invocations = {};

  constructor(directory) {
    super();
    this.setMaxListeners(0);
    mkdirSync(directory, { recursive: true });
    this.#file = join(directory, "workers.log");
    if (existsSync(this.#file) && statSync(this.#file).size > FILE_SIZE) renameSync(this.#file, `${this.#file}.1`);
  }

  /** Source maps of a Worker's modules: {code, map} by module, paths. */
  setSourceMaps(worker, files) {
    this.#stacks.set(worker, new Stacks(files));
  }

  /** Take a tail's events of one Worker; see system/tail.mjs. */
  receive(worker, events) {
    const key = `${new Date().toISOString().slice(0, 10)} worker ${worker} requests`;
    this.#invocations[key] = (this.#invocations[key] ?? 0) + events.length;
    for (const { outcome, cron, request, logs, exceptions } of events) {
      const run = { requestId: randomBytes(8).toString("hex"), outcome, ...eventOf(request, cron) };
      for (const { timestamp, level, message } of logs) {
        this.#add(worker, timestamp, level, [message].flat().map(text).join(" "), { run });
      }
      for (const { timestamp, name, message, stack } of exceptions) {
        const exception = { name, message, stack: stack && this.#translated(worker, stack), timestamp };
        const told = [`${name}: ${message}`, exception.stack].filter(Boolean).join("\n");
        this.#add(worker, timestamp, "exception", told, { run, exception });
      }
      const thrown = exceptions.map(({ name, message }) => `${name}: ${message}`).join("; ");
      if (request) this.#addRequest(worker, request);
      if (cron) this.emit(`cron ${worker} ${cron}`, thrown);
    }
  }

  /** How often each Worker ran, by day, as the gateway counts what is read and written; `forget`: from now on anew. */
  invocations(forget) {
    const counted = this.#invocations;
    if (forget) this.#invocations = {};
    return counted;
  }

  /** The exceptions of a cron run, once they are known; empty when they are not known in time. */
  async ofCron(worker, cron, time) {
    const [exceptions] = await once(this, `cron ${worker} ${cron} ${time}`, { signal: AbortSignal.timeout(1_000) });
    return exceptions;
  }

  /** Lines after `since`, oldest first. */
  after(since) {
    return this.#lines.filter((line) => line.seq > since);
  }

  /** Told as it comes, and not kept: requests would push out what Workers say. Without the query, which may hold anything. */
  #addRequest(worker, { timestamp, method, path, status, ms }) {
    const text = `${method} ${path} ${status ?? "no answer"} (${ms} ms)`;
    this.emit("line", { seq: ++this.#seq, time: timestamp ?? Date.now(), worker, level: REQUEST, text });
  }

  #translated(worker, stack) {
    return this.#stacks.get(worker)?.translate(stack) ?? stack;
  }

  /** `detail`: of which run of the Worker it is, and the exception itself. */
  #add(worker, time, level, text, detail) {
    const line = { seq: ++this.#seq, time, worker, level, text, detail };
    this.#lines.push(line);
    if (this.#lines.length > KEPT) this.#lines.shift();
    const stamp = new Date(time).toISOString();
    appendFileSync(this.#file, `${stamp} ${worker} ${level} ${text.replaceAll("\n", "\n    ")}\n`);
    this.emit("line", line);
  }
}

function eventOf(request, cron) {
  if (request) return { eventType: "fetch", event: { request } };
  return { eventType: cron ? "scheduled" : "unknown", event: cron ? { cron: cron.replace(/ \d+$/, "") } : {} };
}

const text = (part) => (typeof part === "string" ? part : inspect(part, { depth: 4, breakLength: Infinity }));
