// From an upload, as Cloudflare's API has it, to miniflare's options of one Worker.
import { readFileSync } from "node:fs";
import { newestCompatibilityDate } from "./miniflare.mjs";
import { dataBinding } from "./plugin.mjs";

const MODULE_TYPES = { esm: "ESModule", cjs: "CommonJS", text: "Text", data: "Data", wasm: "CompiledWasm" };

/** Two buckets of one name in two jurisdictions are two buckets. */
const bucketName = (name, jurisdiction = "default") => (jurisdiction === "default" ? name : `${jurisdiction}.${name}`);

/** The Workers that a Worker's service bindings name. */
export const serviceTargets = ({ bindings }) =>
  bindings.filter(({ type }) => type === "service").map(({ service }) => service);

/** The service that answers in place of a Worker, and says why. */
export const substitute = (reason) => ({ name: "local:substitute", entrypoint: "Substitute", props: { reason } });

/**
 * `config` has the fields of models.WorkerConfig, in camel case. `data` is {address, token} of the data's gateway, `queues`
 * of the place where queues' messages are taken in, if there is one;
 * `absent(name)` gives the reason why a Worker can't be bound to, or undefined.
 */
export function workerOptions(config, { data, queues, absent }) {
  const options = {
    name: config.name,
    modulesRoot: "/",
    modules: modules(config),
    ...compatibility(config),
    outboundService: "local:outbound",
    tails: [{ name: "local:tail", entrypoint: "Tail", props: { worker: config.name } }],
    bindings: {},
    serviceBindings: {},
    wrappedBindings: {},
    email: { send_email: [] },
    unsafeBindings: [],
    assets: config.assets ? assets(config) : undefined,
  };
  for (const binding of config.bindings) bind(options, binding, { data, queues, absent });
  return options;
}

/** The compatibility settings that this workerd can take: a date that it does not know yet becomes its newest. */
export function compatibility({ compatibilityDate, compatibilityFlags }) {
  const known = compatibilityDate < newestCompatibilityDate ? compatibilityDate : newestCompatibilityDate;
  return { compatibilityDate: known, compatibilityFlags };
}

function bind(options, binding, { data, queues, absent }) {
  const { name, type } = binding;
  const addData = (kind, id) => options.unsafeBindings.push(dataBinding(name, kind, { ...data, name: id }));
  if (type === "plain_text" || type === "secret_text") options.bindings[name] = binding.text;
  else if (type === "json") options.bindings[name] = binding.json;
  else if (type === "service") options.serviceBindings[name] = service(binding, absent(binding.service));
  else if (type === "ai") options.wrappedBindings[name] = "local:ai";
  else if (type === "send_email") options.email.send_email.push(sendEmail(binding));
  else if (type === "kv_namespace") addData("kv", binding.namespace_id);
  else if (type === "r2_bucket") addData("r2", bucketName(binding.bucket_name, binding.jurisdiction));
  else if (type === "d1") addData("d1", binding.database_id ?? binding.id);
  else if (type === "queue" && queues)
    options.unsafeBindings.push(dataBinding(name, "queue", { ...queues, name: binding.queue_name }));
  else if (type !== "assets") throw new Error(`binding ${name}: type ${type} is not available on this machine`);
}

/** It logs what it would send, and refuses what is not allowed. */
function sendEmail({ name, destination_address, allowed_destination_addresses, allowed_sender_addresses }) {
  const to = destination_address
    ? { destination_address }
    : allowed_destination_addresses && { allowed_destination_addresses };
  return { name, ...to, ...(allowed_sender_addresses && { allowed_sender_addresses }) };
}

function service({ service, entrypoint }, reason) {
  return reason === undefined ? { name: service, entrypoint } : substitute(reason);
}

function modules({ modules, mainModule }) {
  const main = modules.find(({ name }) => name === mainModule);
  const others = modules.filter((module) => module !== main);
  return [main, ...others].map(({ name, type, path }) => {
    const contents = readFileSync(path);
    if (type === "json") return { type: "ESModule", path: `/${name}`, contents: `export default ${contents};` };
    return { type: MODULE_TYPES[type], path: `/${name}`, contents };
  });
}

function assets({ assets: { directory, config }, bindings }) {
  const first = config.run_worker_first;
  const rules = Array.isArray(first) ? first : [];
  const negative = rules.filter((rule) => rule.startsWith("!")).map((rule) => rule.slice(1));
  return {
    directory,
    binding: bindings.find(({ type }) => type === "assets")?.name,
    routerConfig: {
      has_user_worker: true,
      invoke_user_worker_ahead_of_assets: first === true,
      static_routing: rules.length
        ? { user_worker: rules.filter((rule) => !rule.startsWith("!")), asset_worker: negative }
        : undefined,
    },
    assetConfig: {
      html_handling: config.html_handling,
      not_found_handling: config.not_found_handling,
      has_static_routing: rules.length > 0,
    },
  };
}
