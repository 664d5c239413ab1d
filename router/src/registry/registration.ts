// What an autopilot may say of itself at run time: an entry of autopilots.yaml, less what only a pull request may bring
// (a Worker's script, a service binding). What is accepted here, the manifest accepts too, so that
// `python -m orchestrator pull` can write it there; tests/twins/registrations.json is run against both.

import * as v from "valibot";
import { check, type FieldError, integer, isObject, object } from "#worker-kit/validation.ts";
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
  pattern: /^(?=.{1,128}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*$/,
  message: `must be words of ${WORD}, hyphens and underscores, with dots between them, up to 128 characters`,
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
  d1Databases: {
    key: "name",
    pattern: /^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/,
    message: `must be a name of 1 to 63 ${WORD}, hyphens and underscores, with a letter or digit at both ends, or {name}`,
  },
  workers: {
    key: "name",
    pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    message: `must be a name of 1 to 63 ${WORD} and hyphens, with a letter or digit at both ends, or {name}`,
  },
};
export const KIND = {
  kvNamespaces: "kvNamespace",
  r2Buckets: "r2Bucket",
  d1Databases: "d1Database",
  workers: "worker",
} as const;
/** Of capabilities, and of each kind of needs: what one registration may cost those who ask for something else. */
const MAX_NAMES = 50;
const ORCHESTRATOR = "orchestrator"; // the owner of what the routing Worker itself needs

/** The registration that `body` is, its lists sorted, or everything that is wrong with it. */
export function parseRegistration(body: unknown, rules: UrlRules): Registration | readonly FieldError[] {
  const checked = check(registration(rules), body);
  return "value" in checked ? checked.value : checked.errors;
}

function registration(rules: UrlRules) {
  const refusal = (value: unknown) => (typeof value === "string" ? checkEndpoint(value, rules) : "scheme");
  return object(
    {
      name: v.pipe(
        v.custom<string>((value) => matches(value, NAME), NAME.message),
        v.check((name) => name !== ORCHESTRATOR, "must not be orchestrator, the name of the orchestrator itself"),
      ),
      endpoint: v.custom<string>(
        (value) => refusal(value) === null,
        ({ input }) => `must be a URL that may be called: ${MESSAGES[refusal(input)!]}`,
      ),
      capabilities: v.pipe(
        names(CAPABILITY),
        v.check((capabilities) => capabilities.length > 0, "must not be empty"),
      ),
      priority: v.optional(integer({ min: -1000, max: 1000 }), 0),
      weight: v.optional(integer({ min: 1, max: 100 }), 1),
      needs: v.optional(RESOURCES, {}),
    },
    "is not a member of a registration: it has name, endpoint, capabilities, priority, weight and needs",
  );
}

/** A list of names of resources, each short or as `{title}` or `{name}`; the names, sorted. */
export function resourceNames(kind: keyof Resources) {
  return names(NEEDS[kind], NEEDS[kind].key);
}

/** A list of different names, sorted; an item may be an object whose only member `key` is the name. */
function names(rule: Rule, key?: string) {
  const unwrap = (item: unknown) => (isObject(item) && Object.keys(item).join() === key ? item[key] : item);
  const name = v.pipe(
    v.unknown(),
    v.transform(unwrap),
    v.custom<string>((value) => matches(value, rule), rule.message),
  );
  return v.pipe(
    // Before any of them is looked at.
    v.custom<unknown[]>(
      (list) => Array.isArray(list) && list.length <= MAX_NAMES,
      ({ input }) => (Array.isArray(input) ? `must have at most ${MAX_NAMES} entries` : "must be a list"),
    ),
    v.array(name),
    v.rawCheck(({ dataset: { value: list }, addIssue }) => {
      if (!Array.isArray(list)) return;
      list.forEach((each: unknown, index) => {
        if (!matches(each, rule) || list.indexOf(each) === index) return;
        const step = { type: "array", origin: "value", input: list, key: index, value: each } as const;
        addIssue({ message: "stands in the list twice", path: [step] });
      });
    }),
    v.transform((list) => list.toSorted(byCodePoint)),
  );
}

const RESOURCES = object(
  {
    kvNamespaces: v.optional(resourceNames("kvNamespaces"), []),
    r2Buckets: v.optional(resourceNames("r2Buckets"), []),
    d1Databases: v.optional(resourceNames("d1Databases"), []),
    workers: v.optional(resourceNames("workers"), []),
  },
  "is not a need: there are kvNamespaces, r2Buckets, d1Databases and workers",
);

function matches(value: unknown, { pattern }: Rule): value is string {
  return typeof value === "string" && value.isWellFormed() && pattern.test(value);
}

/** The registration as the decision sees it: always over HTTPS. */
export function routeOf(registration: Registration): Route {
  return { ...registration, worker: null, binding: null };
}

/** What it needs and autopilots.yaml does not declare. A record of an older version has no databases. */
export function undeclared({ needs }: Registration, declared: Resources): Missing[] {
  return (Object.keys(KIND) as (keyof Resources)[]).flatMap((key) =>
    (needs[key] ?? []).filter((name) => !declared[key].includes(name)).map((name) => ({ kind: KIND[key], name })),
  );
}
