// In workerd, beside the data: the one door to every KV namespace, R2 bucket and D1 database.
//
// Speaks the protocols that workerd's own bindings speak (so a Worker's binding and the REST API reach the same
// objects) and passes each request to the object that the headers name. An object comes into being when it is first
// named, so a new namespace costs nothing and needs no restart.
const FIELDS = ["x-local-token", "x-local-type", "x-local-name"];
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/; // it becomes a folder's name

export default {
  /** @param {Request} request @param {Record<string, any>} env */
  async fetch(request, env) {
    const headers = new Headers(request.headers);
    const [token, type, name] = FIELDS.map((field) => headers.get(field));
    for (const field of FIELDS) headers.delete(field);
    if (token !== env.TOKEN) return new Response("forbidden", { status: 403 });
    const namespace = { kv: env.KV, r2: env.R2, d1: env.D1 }[type ?? ""];
    if (!namespace || !name || !NAME.test(name)) return new Response(`no such data: ${type} ${name}`, { status: 400 });
    const object = namespace.get(namespace.idFromName(name));
    return object.fetch(new Request(request, { headers }), { cf: { miniflare: { name } } });
  },
};
