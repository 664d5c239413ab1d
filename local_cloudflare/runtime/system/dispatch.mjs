// In workerd, in front of the Workers: passes what the front sends to the Worker that it names.
//
// A Worker that throws gets the page that the edge shows (1101), not workerd's own. A Worker that answers before it has
// read a large body: workerd would cut the connection, and the answer would be lost with it; so the body is read to its
// end here, as the edge does.
const FIELDS = ["x-local-token", "x-local-worker", "x-local-cron", "x-local-time", "x-local-queue"];

const SMALL = 65_536; // bytes that workerd reads by itself after an answer
const QUIET = 1_000; // ms without a byte, after which a client is taken to wait for the answer before it sends more

/**
 * A body for the Worker, and `end`, to be called when it has answered: resolves when the client has sent everything.
 *
 * @param {Request} request
 */
function wholly(request) {
  const length = request.headers.get("content-length");
  if (!request.body || (length !== null && Number(length) <= SMALL)) return { body: request.body, end: async () => {} };
  const incoming = request.body;
  let chunks = 0;
  let isWanted = true;
  let done = Promise.resolve();
  const queue = new ReadableStream({
    start(controller) {
      const read = async () => {
        for await (const chunk of incoming) {
          chunks += 1;
          if (isWanted) controller.enqueue(chunk);
        }
        if (isWanted) controller.close();
      };
      // Not by `tee`, which waits for the branch that the Worker does not read.
      done = read().catch((error) => {
        if (isWanted) controller.error(error); // the client has gone
      });
    },
    cancel() {
      isWanted = false;
    },
  });
  const body = length === null ? queue : queue.pipeThrough(new FixedLengthStream(Number(length)));
  const isQuiet = async () => {
    let before = -1;
    while (before !== chunks) {
      before = chunks;
      await new Promise((resolve) => setTimeout(resolve, QUIET));
    }
  };
  return { body, end: () => Promise.race([done, isQuiet()]) };
}

/** A message as a handler gets it; a body of `v8` is undone by workerd itself. @param {any} sent */
function message(sent) {
  const { id, timestamp, attempts, contentType, body } = sent;
  const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
  const common = { id, timestamp: new Date(timestamp), attempts };
  if (contentType === "v8") return { ...common, serializedBody: bytes };
  if (contentType === "bytes") return { ...common, body: bytes };
  const text = new TextDecoder().decode(bytes);
  return { ...common, body: contentType === "json" ? JSON.parse(text) : text };
}

export default {
  /** @param {Request} request @param {Record<string, any>} env */
  async fetch(request, env) {
    const headers = new Headers(request.headers);
    const [token, name, cron, time, queue] = FIELDS.map((field) => headers.get(field));
    for (const field of FIELDS) headers.delete(field);
    if (token !== env.TOKEN) return new Response("forbidden", { status: 403 });
    const worker = env[`worker:${name}`];
    if (!worker) return new Response(`Worker ${name} is not loaded`, { status: 404 });
    if (cron !== null) return Response.json(await worker.scheduled({ cron, scheduledTime: new Date(Number(time)) }));
    if (queue !== null) {
      return Response.json(await env[`direct:${name}`].queue(queue, (await request.json()).map(message)));
    }
    const { body, end } = wholly(request);
    try {
      return await worker.fetch(new Request(request, { headers, body, cf: env.CF }));
    } catch (thrown) {
      const error = /** @type {any} */ (thrown); // a Worker may throw anything
      const reason = `${error?.name ?? "Error"}: ${error?.message ?? error}`;
      return new Response(`error code: 1101\nWorker ${name} threw an exception: ${reason}\n`, {
        status: 500,
        headers: { "content-type": "text/plain; charset=utf-8" },
      });
    } finally {
      await end();
    }
  },
};
