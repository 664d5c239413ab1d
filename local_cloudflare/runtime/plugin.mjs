// A miniflare plugin: bindings to data that is in another workerd.
//
// Workers are reloaded by starting another workerd beside the old one, while the data stays where it is. So a Worker's
// KV, R2 and D1 bindings are workerd's native ones, each over an external service: the data's gateway, with headers
// that name the namespace. That costs no isolate per namespace. The gateway itself gets miniflare's own objects by this
// plugin too.
export const PLUGIN = "local-data";

const OBJECTS = {
  kv: { serviceName: "kv:ns", className: "KVNamespaceObject" },
  r2: { serviceName: "r2:bucket", className: "R2BucketObject" },
  d1: { serviceName: "d1:db", className: "D1DatabaseObject" },
};

/**
 * An entry of a Worker's `unsafeBindings`: `type` is kv, r2, d1 or queue; `options` {name, address, token}, or none for the
 * gateway, which gets the objects themselves.
 */
export function dataBinding(name, type, options = {}) {
  return { name, type, plugin: { package: import.meta.filename, name: PLUGIN }, options };
}

function binding({ name, type, options }) {
  if (!options.name) return { name, durableObjectNamespace: OBJECTS[type] };
  const service = { name: `data:${type}:${options.name}` };
  if (type === "kv") return { name, kvNamespace: service };
  if (type === "r2") return { name, r2Bucket: service };
  if (type === "queue") return { name, queue: service };
  return { name, wrapped: { moduleName: "cloudflare-internal:d1-api", innerBindings: [{ name: "fetcher", service }] } };
}

function service({ type, options: { name, address, token } }) {
  const place = type === "queue" ? { "x-local-queue": name } : { "x-local-type": type, "x-local-name": name };
  const headers = { "x-local-token": token, ...place };
  const injectRequestHeaders = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return { name: `data:${type}:${name}`, external: { address, http: { injectRequestHeaders } } };
}

export const plugins = {
  [PLUGIN]: {
    options: { parse: (value) => value },
    getBindings: (bindings = []) => bindings.map(binding),
    getNodeBindings: () => ({}),
    getServices: async ({ options = [] }) => options.filter(({ options }) => options.name).map(service),
  },
};
