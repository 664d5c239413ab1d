// What an autopilot may say of itself at run time: an entry of autopilots.yaml, less what only a pull request may bring
// (a Worker's script, a service binding). What is accepted here, the manifest accepts too, so that
// `python -m orchestrator pull` can write it there; tests/twins/registrations.json is run against both.

import { isObject, unknownMembers, type FieldError } from "../http/body.ts";
import type { Missing } from "../routing/decide.ts";
import { byCodePoint } from "../routing/nearest.ts";
import type { Resources, Route } from "../routing/table.ts";
import { checkEndpoint, MESSAGES, type UrlRules } from "../routing/urls.ts";

export interface Registration {
  readonly name: string;
  readonly endpoint: string;
  readonly capabilities: readonly string[];
  readonly priority: number;
  readonly weight: number;
  /** By name only: how a resource is made stands in autopilots.yaml. */
  readonly needs: Resources;
}

interface Rule {
  readonly pattern: RegExp;
  readonly message: string;
}

const WORD = "lower-case letters, digits";
const NAME: Rule = {
  pattern: /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/,
  message: `must be up to 64 ${WORD}, dots, hyphens and underscores, with a letter or digit at both ends`,
};
const CAPABILITY: Rule = {
  pattern: /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/,
  message: `must be words of ${WORD}, hyphens and underscores, with dots between them`,
};
const NEEDS: Readonly<Record<keyof Resources, Rule & { readonly key: string }>> = {
  kvNamespaces: {
    key: "title",
    pattern: /^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,510}[^\s\x00-\x1f\x7f])?$/u,
    message: "must be a title of 1 to 512 characters on one line, without a space at either end, or {title}",
  },
  r2Buckets: {
    key: "name",
    pattern: /^[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])$/,
    message: `must be a name of 3 to 63 ${WORD} and hyphens, with a letter or digit at both ends, or {name}`,
  },
  workers: {
    key: "name",
    pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    message: `must be a name of 1 to 63 ${WORD} and hyphens, with a letter or digit at both ends, or {name}`,
  },
};
export const KIND = { kvNamespaces: "kvNamespace", r2Buckets: "r2Bucket", workers: "worker" } as const;
const ORCHESTRATOR = "orchestrator"; // the owner of what the routing Worker itself needs

/** The registration that `body` is, its lists sorted, or everything that is wrong with it. */
export function parseRegistration(body: unknown, rules: UrlRules): Registration | readonly FieldError[] {
  if (!isObject(body)) return [{ pointer: "", message: "must be an object" }];
  const { name, endpoint, capabilities, priority = 0, weight = 1, needs = {}, ...unknown } = body;
  const errors = unknownMembers(
    unknown,
    "",
    "is not a member of a registration: it has name, endpoint, capabilities, priority, weight and needs",
  );
  const check = (isRight: boolean, pointer: string, message: string) => {
    if (!isRight) errors.push({ pointer, message });
  };
  check(matches(name, NAME), "/name", NAME.message);
  check(name !== ORCHESTRATOR, "/name", "must not be orchestrator, the name of the orchestrator itself");
  const code = typeof endpoint === "string" ? checkEndpoint(endpoint, rules) : "scheme";
  if (code) errors.push({ pointer: "/endpoint", message: `must be a URL that may be called: ${MESSAGES[code]}` });
  const abilities = names(capabilities, "/capabilities", CAPABILITY, errors);
  check(!Array.isArray(capabilities) || capabilities.length > 0, "/capabilities", "must not be empty");
  check(isWithin(priority, -1000, 1000), "/priority", "must be a whole number from -1000 to 1000");
  check(isWithin(weight, 1, 100), "/weight", "must be a whole number from 1 to 100");
  const resources = parseNeeds(needs, errors);
  if (errors.length > 0) return errors;
  return { name, endpoint, capabilities: abilities, priority, weight, needs: resources } as Registration;
}

function parseNeeds(needs: unknown, errors: FieldError[]): Resources {
  const found = isObject(needs) ? needs : {};
  if (!isObject(needs)) errors.push({ pointer: "/needs", message: "must be an object" });
  const { kvNamespaces = [], r2Buckets = [], workers = [], ...unknown } = found;
  errors.push(...unknownMembers(unknown, "/needs", "is not a need: there are kvNamespaces, r2Buckets and workers"));
  return {
    kvNamespaces: resourceNames(kvNamespaces, "/needs", "kvNamespaces", errors),
    r2Buckets: resourceNames(r2Buckets, "/needs", "r2Buckets", errors),
    workers: resourceNames(workers, "/needs", "workers", errors),
  };
}

/** The list `kind` of the object at `pointer`, sorted: names of resources, each short or as `{title}` or `{name}`. */
export function resourceNames(list: unknown, pointer: string, kind: keyof Resources, errors: FieldError[]): string[] {
  return names(list, `${pointer}/${kind}`, NEEDS[kind], errors, NEEDS[kind].key);
}

/** A list of different names, sorted; an item may be an object whose only member `key` is the name. */
function names(list: unknown, pointer: string, rule: Rule, errors: FieldError[], key?: string): string[] {
  if (!Array.isArray(list)) {
    errors.push({ pointer, message: "must be a list" });
    return [];
  }
  const found = new Set<string>();
  list.forEach((item: unknown, index) => {
    const isShort = key === undefined || !isObject(item) || Object.keys(item).join() !== key;
    const name = isShort ? item : item[key];
    const message = !matches(name, rule) ? rule.message : found.has(name) ? "stands in the list twice" : undefined;
    if (message) errors.push({ pointer: `${pointer}/${index}`, message });
    else found.add(name as string);
  });
  return [...found].sort(byCodePoint);
}

function matches(value: unknown, { pattern }: Rule): value is string {
  return typeof value === "string" && value.isWellFormed() && pattern.test(value);
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

/** The registration as the decision sees it: always over HTTPS. */
export function routeOf(registration: Registration): Route {
  return { ...registration, worker: null, binding: null };
}

/** What it needs and autopilots.yaml does not declare. */
export function undeclared({ needs }: Registration, declared: Resources): Missing[] {
  return (Object.keys(KIND) as (keyof Resources)[]).flatMap((key) =>
    needs[key].filter((name) => !declared[key].includes(name)).map((name) => ({ kind: KIND[key], name })),
  );
}
