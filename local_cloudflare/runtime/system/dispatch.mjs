// In workerd, in front of the Workers: passes what the front sends to the Worker that it names.
//
// A Worker that throws gets the page that the edge shows (1101), not workerd's own.
const FIELDS = ["x-local-token", "x-local-worker", "x-local-cron", "x-local-time", "x-local-queue"];

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
    if (queue !== null) return Response.json(await worker.queue(queue, (await request.json()).map(message)));
    try {
      return await worker.fetch(new Request(request, { headers, cf: env.CF }));
    } catch (thrown) {
      const error = /** @type {any} */ (thrown); // a Worker may throw anything
      const reason = `${error?.name ?? "Error"}: ${error?.message ?? error}`;
      return new Response(`error code: 1101\nWorker ${name} threw an exception: ${reason}\n`, {
        status: 500,
        headers: { "content-type": "text/plain; charset=utf-8" },
      });
    }
  },
};
