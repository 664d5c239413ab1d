// What the Python side asks of this process, over HTTP on loopback with a token that only the two know.
import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { REQUEST } from "./logs.mjs";

/** An http.Server, not listening yet. */
export function createControl({ fleet, front, checker, logs, token, ai }) {
  /** @type {[method: string, path: RegExp, act: (request: import("node:http").IncomingMessage, name: string) => unknown][]} */
  const routes = [
    ["PUT", /^\/workers\/([^/]+)$/, async (request) => putWorker(/** @type {any} */ (await json(request)))],
    ["DELETE", /^\/workers\/([^/]+)$/, async (_request, name) => fleet.delete(name)],
    ["PATCH", /^\/workers\/([^/]+)$/, async (request, name) => ({ found: fleet.change(name, await json(request)) })],
    [
      "POST",
      /^\/workers\/([^/]+)\/scheduled$/,
      async (request, name) => runScheduled(name, /** @type {any} */ (await json(request))),
    ],
    [
      "POST",
      /^\/workers\/([^/]+)\/queue$/,
      async (request, name) => deliver(name, /** @type {any} */ (await json(request))),
    ],
    [
      "PUT",
      /^\/ports\/(\d+)$/,
      async (request, port) => {
        const { worker } = /** @type {any} */ (await json(request));
        return { port: await front.expose(worker, Number(port)) };
      },
    ],
    ["POST", /^\/check$/, async (request) => checker.check(await json(request))],
    ["GET", /^\/state$/, async () => fleet.state()],
    ["GET", /^\/counts$/, async () => logs.invocations(false)],
    ["DELETE", /^\/counts$/, async () => logs.invocations(true)],
    ["GET", /^\/ai$/, async () => ai.state()],
    ["POST", /^\/ai\/run$/, async (request) => runModel(/** @type {any} */ (await json(request)))],
    ["PUT", /^\/ai$/, async (request) => ai.set(/** @type {any} */ (await json(request)))],
  ];

  function putWorker({ sourceMaps, ...config }) {
    const files = {};
    for (const { name, path } of config.modules) {
      if (sourceMaps[name]) files[name] = { code: path, map: sourceMaps[name] };
    }
    logs.setSourceMaps(config.name, files);
    fleet.put(config);
  }

  async function runModel(asked) {
    const response = await ai.answer({ json: async () => asked });
    return { status: response.status, answer: await response.json() };
  }

  async function runScheduled(name, { cron, time }) {
    const lease = await fleet.lease(name);
    if (!lease) throw new Error(`there is no Worker ${name}`);
    const exceptions = logs.ofCron(name, cron, time).catch(() => ""); // not known in time
    try {
      const headers = {
        "x-local-token": token,
        "x-local-worker": name,
        "x-local-cron": cron,
        "x-local-time": String(time),
      };
      const response = await fetch(`http://127.0.0.1:${lease.port}/`, { headers });
      if (!response.ok) throw new Error(await response.text());
      const { outcome } = /** @type {{outcome: string}} */ (await response.json());
      return { outcome, detail: outcome === "ok" ? "" : await exceptions };
    } finally {
      lease.release();
    }
  }

  /** A batch to the Worker's `queue` handler: what workerd says of its run. */
  async function deliver(name, batch) {
    const lease = await fleet.lease(name);
    if (!lease) throw new Error(`there is no Worker ${name}`);
    try {
      const headers = { "x-local-token": token, "x-local-worker": name, "x-local-queue": batch.queue };
      const body = JSON.stringify(batch.messages);
      const response = await fetch(`http://127.0.0.1:${lease.port}/`, { method: "POST", headers, body });
      if (!response.ok) throw new Error(await response.text());
      return await response.json();
    } finally {
      lease.release();
    }
  }

  function sendLogs(url, response) {
    const worker = url.searchParams.get("worker") ?? undefined;
    const hasRequests = url.searchParams.get("requests") === "true";
    const write = (line) => {
      if (line.level === REQUEST && !hasRequests) return;
      if (worker === undefined || line.worker === worker) response.write(`${JSON.stringify(line)}\n`);
    };
    response.writeHead(200, { "content-type": "application/x-ndjson" }).flushHeaders();
    logs.after(Number(url.searchParams.get("since"))).forEach(write);
    if (url.searchParams.get("follow") !== "true") return response.end();
    logs.on("line", write);
    response.on("close", () => logs.off("line", write));
  }

  return createServer(async (request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${token}`) return answer(403, { error: "forbidden" });
    const url = new URL(request.url ?? "/", "http://control");
    if (url.pathname === "/logs") return sendLogs(url, response);
    try {
      for (const [method, path, act] of routes) {
        const match = request.method === method && path.exec(url.pathname);
        if (match) return answer(200, (await act(request, decodeURIComponent(match[1] ?? ""))) ?? {});
      }
      answer(404, { error: `no such call: ${request.method} ${url.pathname}` });
    } catch (error) {
      answer(500, { error: error.message });
    }
  });
}
