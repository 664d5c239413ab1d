// Runs the corpora's cases in workerd: POST /decide, /url, /registration, /outcome, /circuit, /alert, /measure, /schemas,
// /retry, /own-hosts, /failures and /compared with a case's values answer what the router would do. POST /copy answers what the KV namespace of the
// routers holds; POST /sql what comes of a
// statement on the database of the router `journalled`; POST /prune prunes its journal, POST /count counts it.
import type { Entry } from "../../admin/src/api/schema.d.ts";
import { groupFailures } from "../../admin/src/failures.ts";
import { measurer, type Seen } from "../../router/src/alerts/measure.ts";
import { type AlertState, type Measured, nextState } from "../../router/src/alerts/state.ts";
import { mistakesOf, type Schema } from "../../router/src/catalog/schema.ts";
import { Circuit } from "../../router/src/forward/circuit.ts";
import { endpointRules } from "../../router/src/forward/endpoint-rules.ts";
import { outcomeOf } from "../../router/src/forward/outcome.ts";
import { retryDelayMs } from "../../router/src/forward/retry.ts";
import { afterProbe, type Probe } from "../../router/src/health/hysteresis.ts";
import { count } from "../../router/src/journal/counts.ts";
import { prune } from "../../router/src/journal/journal.ts";
import { parseRegistration } from "../../router/src/registry/registration.ts";
import { decide, type State } from "../../router/src/routing/decide.ts";
import { comparedNames, nearestNames } from "../../router/src/routing/nearest.ts";
import type { AlertRule, RoutingTable, TaskRule } from "../../router/src/routing/table.ts";
import { checkEndpoint, MESSAGES, type UrlRules } from "../../router/src/routing/urls.ts";
import type { Health } from "../../router/src/snapshot.ts";

interface DecideCase {
  table: RoutingTable;
  task: string;
  state: State;
  random: number;
}

interface RetryCase {
  outcome: Parameters<typeof retryDelayMs>[0];
  rule: TaskRule;
  random: number;
  now: number;
}

interface Env {
  REGISTRY: KVNamespace;
  JOURNAL: D1Database;
}

const RUN: Readonly<Record<string, (input: never, env: Env) => unknown>> = {
  "/decide": ({ table, task, state, random }: DecideCase) => {
    const outcome = decide(table, task, state, random);
    if ("problem" in outcome) {
      const { type, status, title, detail, members, headers } = outcome.problem;
      const problem = { type, title, status, detail, ...members, headers: headers ?? {} };
      return { problem, reasons: outcome.reasons };
    }
    const { route, ...decision } = outcome;
    return { ...decision, autopilot: route.name };
  },
  "/url": ({ url, rules }: { url: string; rules: UrlRules }) => {
    const code = checkEndpoint(url, rules);
    return code ? { code, message: MESSAGES[code] } : { code: "ok" };
  },
  "/registration": ({ body, rules }: { body: unknown; rules: UrlRules }) => {
    const outcome = parseRegistration(body, rules);
    return "name" in outcome ? { registration: outcome } : { errors: outcome };
  },
  "/own-hosts": ({ url }: { url: string }) => endpointRules({}, new Request(url)).ownHosts,
  "/compared": ({ name, known }: { name: string; known: readonly string[] }) => ({
    compared: comparedNames(name, known),
    nearest: nearestNames(name, known),
  }),
  "/failures": (entries: readonly Entry[]) => groupFailures(entries),
  "/circuit": ({ events }: { events: ["wait" | "paused" | "failed" | "succeeded", number, number][] }) => {
    const circuit = new Circuit();
    return events.map(([event, now, sentAt]) => {
      if (event === "wait") return circuit.waitMs(now);
      if (event === "paused") return circuit.isPaused(now);
      if (event === "failed") circuit.failed(sentAt, now);
      else circuit.succeeded();
      return null;
    });
  },
  "/probes": ({ probes }: { probes: Probe["status"][] }) => {
    let health: Health | undefined;
    return probes.map((status, index) => (health = afterProbe(health, { status }, String(index))));
  },
  "/outcome": ({ status, type, body }: { status: number; type: string; body: string }) => ({
    outcome: outcomeOf({ status, type, body: new TextEncoder().encode(body), encoding: null, retryAfter: null }),
  }),
  "/alert": ({ rule, steps }: { rule: AlertRule; steps: { at: string; measured?: Measured }[] }) => {
    let state: AlertState | undefined;
    return steps.map(({ at, measured }) => {
      const next = nextState(state, measured, rule, at);
      state = next.state;
      return next;
    });
  },
  "/measure": ({ metric, now, seen }: { metric: AlertRule["metric"]; now: number; seen?: Partial<Seen> }, env) =>
    measurer({ DB: env.JOURNAL }, { autopilots: {}, missing: [], ...seen }, now)(metric),
  "/schemas": ({ cases }: { cases: { schema: Schema; value: unknown }[] }) =>
    cases.map(({ schema, value }) => mistakesOf(schema, value, "")),
  "/retry": ({ outcome, rule, random, now }: RetryCase) => ({ delay: retryDelayMs(outcome, rule, random, now) }),
  "/copy": async ({ key }: { key: string }, env) => ({ copy: await env.REGISTRY.get(key, "json") }),
  "/sql": async ({ sql, values }: { sql: string; values: unknown[] }, env) =>
    env.JOURNAL.prepare(sql)
      .bind(...values)
      .all(),
  "/count": async (_: unknown, env) => ({ counted: await count({ DB: env.JOURNAL }) }),
  "/prune": async ({ days }: { days?: string }, env) => ({
    pruned: await prune({ DB: env.JOURNAL, ...(days === undefined ? {} : { JOURNAL_DAYS: days }) }),
  }),
};

export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await RUN[new URL(request.url).pathname]!((await request.json()) as never, env));
  },
} satisfies ExportedHandler<Env>;
