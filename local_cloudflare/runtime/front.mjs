// The front: http://<worker>.localhost:<port>, in place of <worker>.<account>.workers.dev.
//
// Listens on loopback only, and serves no name but those below .localhost: a page in a browser can't reach a Worker by
// a name of its own that it lets point here.
import { randomBytes } from "node:crypto";
import { createServer, request as send } from "node:http";
import { pipeline } from "node:stream";

const HOST = /^([a-z0-9][a-z0-9_-]*)\.localhost(:\d+)?$/i;
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "expect"];

/** An http.Server, not listening yet. */
export function createFront(fleet, token) {
  const front = createServer((request, response) => {
    open(request, fleet, token).then(
      (way) => ("refusal" in way ? answer(response, way.refusal) : pass(request, response, way)),
      (error) => answer(response, failure(error)),
    );
  });
  front.on("upgrade", (request, socket, head) => {
    socket.on("error", () => {}); // a client that goes away; `close` follows
    open(request, fleet, token, { connection: "Upgrade", upgrade: request.headers.upgrade }).then(
      (way) => ("refusal" in way ? refuse(socket, way.refusal) : switchProtocols(socket, head, way)),
      (error) => refuse(socket, failure(error)),
    );
  });
  front.requestTimeout = 0; // a Worker may take its time over a body
  return front;
}

/**
 * Where a request goes: {upstream, release, ray}, the request being sent; or {refusal}.
 *
 * @returns {Promise<{upstream: import("node:http").ClientRequest, release: () => void, ray: string} | {refusal: [number, string]}>}
 */
async function open(request, fleet, token, extra = {}) {
  const name = HOST.exec(request.headers.host ?? "")?.[1]?.toLowerCase();
  if (!name) return { refusal: [421, "This server answers to http://<worker>.localhost only"] };
  if (!fleet.isPublic(name)) return { refusal: [404, notFound(name, fleet)] };
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
  upstream.on("error", (error) => (response.headersSent ? response.destroy() : answer(response, failure(error))));
  upstream.on("response", (answered) => {
    const headers = { ...answered.headersDistinct, "cf-ray": ray };
    for (const name of ["connection", "keep-alive", "transfer-encoding"]) delete headers[name];
    response.writeHead(answered.statusCode, answered.statusMessage, headers);
    response.flushHeaders();
    flow(answered, response);
  });
  flow(request, upstream);
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
