// In workerd, beside the data: the one door to every KV namespace, R2 bucket and D1 database.
//
// Speaks the protocols that workerd's own bindings speak (so a Worker's binding and the REST API reach the same
// objects) and passes each request to the object that the headers name. An object comes into being when it is first
// named, so a new namespace costs nothing and needs no restart.
//
// All that is read and written passes here, so it is counted here, for the account's analytics: in memory, by day, kind,
// name and action. `x-local-type: counts` gives the counts, and DELETE forgets them.
const FIELDS = ["x-local-token", "x-local-type", "x-local-name"];
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/; // it becomes a folder's name
const META = /"meta":(\{[^{}]*\})/g; // of each result of D1; no value of a row has an object in it

/** @type {Record<string, number>} */
let counts = {};

/** @param {string} type @param {string} name @param {string} action */
function count(type, name, action, number = 1) {
  const key = `${new Date().toISOString().slice(0, 10)} ${type} ${name} ${action}`;
  counts[key] = (counts[key] ?? 0) + number;
}

/** @param {Request} request */
function kvAction({ method, url }) {
  if (method === "GET") return new URL(url).pathname === "/" ? "list" : "read";
  return { PUT: "write", DELETE: "delete" }[method] ?? "read";
}

/** @type {Record<string, string>} */
const R2_ACTIONS = {
  head: "HeadObject",
  get: "GetObject",
  list: "ListObjects",
  put: "PutObject",
  delete: "DeleteObject",
  createMultipartUpload: "CreateMultipartUpload",
  completeMultipartUpload: "CompleteMultipartUpload",
  abortMultipartUpload: "AbortMultipartUpload",
};

/**
 * What is asked stands in a header, or before the value; a request that has a value writes it, whole or as a part.
 *
 * @param {Request} request
 * @returns {Promise<[action: string, body: ArrayBuffer | undefined]>}
 */
async function r2Action(request) {
  const { headers } = request;
  const asked = headers.get("cf-r2-request");
  if (asked !== null) return [R2_ACTIONS[JSON.parse(asked).method] ?? "GetObject", undefined];
  if (headers.get("content-length") !== headers.get("cf-r2-metadata-size")) return ["PutObject", undefined];
  const body = await request.arrayBuffer();
  return [R2_ACTIONS[JSON.parse(new TextDecoder().decode(body)).method] ?? "PutObject", body];
}

/** @param {string} name @param {Response} response */
async function withRowsCounted(name, response) {
  const text = await response.text();
  for (const [, meta] of text.matchAll(META)) {
    const { rows_read: read = 0, rows_written: written = 0 } = JSON.parse(/** @type {string} */ (meta));
    count("d1", name, "rowsRead", read);
    count("d1", name, "rowsWritten", written);
  }
  return new Response(text, response);
}

export default {
  /** @param {Request} request @param {Record<string, any>} env */
  async fetch(request, env) {
    const headers = new Headers(request.headers);
    const [token, type, name] = FIELDS.map((field) => headers.get(field));
    for (const field of FIELDS) headers.delete(field);
    if (token !== env.TOKEN) return new Response("forbidden", { status: 403 });
    if (type === "counts") {
      const answer = Response.json(counts);
      if (request.method === "DELETE") counts = {};
      return answer;
    }
    const namespace = { kv: env.KV, r2: env.R2, d1: env.D1 }[type ?? ""];
    if (!namespace || !name || !NAME.test(name)) return new Response(`no such data: ${type} ${name}`, { status: 400 });
    const object = namespace.get(namespace.idFromName(name));
    const [action, body] = type === "r2" ? await r2Action(request) : [kvAction(request), undefined];
    if (type !== "d1") count(/** @type {string} */ (type), name, action);
    const onward = new Request(request, body ? { headers, body } : { headers });
    const response = await object.fetch(onward, { cf: { miniflare: { name } } });
    return type === "d1" ? withRowsCounted(name, response) : response;
  },
};
