// The front: http://<worker>.localhost:<port>, in place of <worker>.<account>.workers.dev.
//
// Not every client knows the names below .localhost, so one Worker answers at http://127.0.0.1:<port> and
// http://localhost:<port> too, and any Worker can have a port of its own.
//
// Listens on loopback only, and serves no other name: a page in a browser can't reach a Worker by a name of its own that
// it lets point here.
import { randomBytes } from "node:crypto";
import { createServer, request as send } from "node:http";
import { pipeline } from "node:stream";

const HOST = /^([a-z0-9][a-z0-9_-]*)\.localhost(:\d+)?$/i;
const LOOPBACK = /^(127\.0\.0\.1|localhost)(:\d+)?$/i;
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"];
const KEEP_ALIVE = 75_000; // ms that an idle connection stays open: longer than clients keep it for their next request
const MOST = 100_000_000; // bytes of a body, as Cloudflare takes them on the free plan

/** Servers: the one of all Workers, and those of one Worker each. */
export class Front {
  #fleet;
  #token;
  #ports = new Map(); // {server, worker}, by port
  #main;

  constructor(fleet, token) {
    this.#fleet = fleet;
    this.#token = token;
  }

  /** Serve all Workers at `port`; 0: any free one. The port. */
  async start(port) {
    this.#main = await this.#listen(port);
    return this.#main;
  }

  /** Let a Worker answer at 127.0.0.1:`port`, by whatever name; 0: any free one. The port. */
  async expose(worker, port) {
    const found = this.#ports.get(port);
    if (found) found.worker = worker;
    return found ? port : this.#listen(port, worker);
  }

  stop() {
    for (const { server } of this.#ports.values()) server.close().closeAllConnections();
  }

  #listen(port, worker) {
    const place = { server: createServer(), worker, port };
    this.#serve(place);
    return new Promise((resolve, reject) => {
      place.server.once("error", reject);
      place.server.listen(port, "127.0.0.1", () => {
        place.port = /** @type {import("node:net").AddressInfo} */ (place.server.address()).port;
        this.#ports.set(place.port, place);
        resolve(place.port);
      });
    });
  }

  #serve(place) {
    const { server } = place;
    const way = (request, extra) => open(request, this.#target(request, place), this.#fleet, this.#token, extra);
    server.on("request", (request, response) => {
      way(request).then(
        (found) => ("refusal" in found ? answer(response, found.refusal) : pass(request, response, found)),
        (error) => answer(response, failure(error)),
      );
    });
    server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => {}); // a client that goes away; `close` follows
      way(request, { connection: "Upgrade", upgrade: request.headers.upgrade }).then(
        (found) => ("refusal" in found ? refuse(socket, found.refusal) : switchProtocols(socket, head, found)),
        (error) => refuse(socket, failure(error)),
      );
    });
    server.requestTimeout = 0; // a Worker may take its time over a body
    server.keepAliveTimeout = KEEP_ALIVE;
  }

  /** {name, isOwn}: the Worker that a request is for; `isOwn`: at the port that it was given. No name: for none. */
  #target(request, { port, worker }) {
    const host = request.headers.host ?? "";
    const isOwn = port !== this.#main;
    const name = HOST.exec(host)?.[1]?.toLowerCase();
    return name ? { name, isOwn: false } : { name: LOOPBACK.test(host) ? worker : undefined, isOwn };
  }
}

/**
 * Where a request goes: {upstream, release, ray}, the request being sent; or {refusal}.
 *
 * @returns {Promise<{upstream: import("node:http").ClientRequest, release: () => void, ray: string} | {refusal: [number, string]}>}
 */
async function open(request, { name, isOwn }, fleet, token, extra = {}) {
  if (!name) return { refusal: [421, "This server answers to http://<worker>.localhost only"] };
  if (!isOwn && !fleet.isPublic(name)) return { refusal: [404, notFound(name, fleet)] };
  if (Number(request.headers["content-length"]) > MOST) return { refusal: [413, "Payload Too Large"] };
  const lease = await fleet.lease(name);
  if (!lease) return { refusal: [404, notFound(name, fleet)] };
  if (request.socket.destroyed) {
    lease.release();
    return { refusal: [499, "The client has gone"] };
  }
  const ray = `${randomBytes(8).toString("hex")}-LOCAL`;
  const headers = {
    ...onward(request),
    ...extra,
    "cf-connecting-ip": request.socket.remoteAddress,
    "cf-ray": ray,
    "x-local-token": token,
    "x-local-worker": name,
  };
  try {
    const { method, url: path } = request;
    const upstream = send({ host: "127.0.0.1", port: lease.port, method, path, headers, agent: false });
    return { upstream, release: lease.release, ray };
  } catch (error) {
    lease.release();
    throw error;
  }
}

function onward(request) {
  const headers = { ...request.headersDistinct, host: request.headers.host };
  const dropped = Object.keys(headers).filter((name) => HOP_BY_HOP.includes(name) || name.startsWith("x-local-"));
  for (const name of dropped) delete headers[name];
  const hasBody = "content-length" in headers || "transfer-encoding" in headers;
  const wouldChunk = ["POST", "PUT", "PATCH"].includes(request.method); // node then sends an empty body in chunks
  return wouldChunk && !hasBody ? { ...headers, "content-length": "0" } : headers;
}

function pass(request, response, { upstream, release, ray }) {
  response.on("close", () => {
    release();
    upstream.destroy();
  });
  upstream.on("error", (error) => {
    request.unpipe(upstream).resume(); // a client that has not sent everything may not listen yet
    if (response.headersSent) response.destroy();
    else answer(response, failure(error));
  });
  upstream.on("response", (answered) => {
    const headers = { ...answered.headersDistinct, "cf-ray": ray };
    for (const name of ["connection", "keep-alive", "transfer-encoding"]) delete headers[name];
    response.writeHead(answered.statusCode, answered.statusMessage, headers);
    response.flushHeaders();
    flow(answered, response);
  });
  request.on("error", () => upstream.destroy()).pipe(upstream);
}

/** A WebSocket: the answer's head as it is, then bytes both ways. */
function switchProtocols(socket, head, { upstream, release }) {
  socket.on("close", () => {
    release();
    upstream.destroy();
  });
  upstream.on("error", (error) => refuse(socket, failure(error)));
  upstream.on("response", (answered) => {
    socket.write(headOf(answered));
    flow(answered, socket);
  });
  upstream.on("upgrade", (answered, other, otherHead) => {
    socket.write(headOf(answered));
    other.unshift(otherHead);
    flow(other, socket);
    flow(socket, other);
  });
  upstream.end(head.length ? head : undefined);
}

/** Pass bytes on; where one end is cut off, so is the other. */
function flow(from, to) {
  if (to.destroyed) from.destroy();
  else pipeline(from, to, () => {});
}

function headOf({ statusCode, statusMessage, rawHeaders }) {
  const lines = rawHeaders.flatMap((name, index) => (index % 2 ? [] : [`${name}: ${rawHeaders[index + 1]}`]));
  return [`HTTP/1.1 ${statusCode} ${statusMessage}`, ...lines, "", ""].join("\r\n");
}

function notFound(name, fleet) {
  const known = fleet.publicNames();
  const exists = fleet.has(name);
  const why = exists ? `Worker ${name} has no workers.dev URL: it is switched off` : `There is no Worker ${name}`;
  return `${why}.\nWorkers with a URL: ${known.join(", ") || "none yet"}`;
}

/** @returns {[number, string]} */
const failure = (error) => [500, `The Worker could not be reached: ${error.message}`];

function answer(response, [status, text]) {
  if (response.destroyed) return; // nobody listens any more
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(`${text}\n`);
}

function refuse(socket, [status, text]) {
  socket.end(`HTTP/1.1 ${status} \r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n\r\n${text}\n`);
}
