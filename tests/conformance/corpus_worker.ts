// Runs the corpora's cases in workerd: POST /decide, /url, /registration, /circuit and /retry with a case's values answer
// what the router would do. POST /copy answers what the KV namespace of the routers holds.
import { Circuit } from "../../router/src/circuit.ts";
import { decide, type State } from "../../router/src/decide.ts";
import { parseRegistration } from "../../router/src/registration.ts";
import type { RoutingTable, TaskRule } from "../../router/src/table.ts";
import { retryDelayMs } from "../../router/src/retry.ts";
import { checkEndpoint, MESSAGES, type UrlRules } from "../../router/src/urls.ts";

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
}

const RUN: Readonly<Record<string, (input: never, env: Env) => unknown>> = {
  "/decide": ({ table, task, state, random }: DecideCase) => {
    const outcome = decide(table, task, state, random);
    if ("problem" in outcome) {
      const { status, title, detail, members, headers } = outcome.problem;
      const problem = { type: "about:blank", title, status, detail, ...members, headers: headers ?? {} };
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
  "/circuit": ({ events }: { events: ["wait" | "failed" | "succeeded", number, number][] }) => {
    const circuit = new Circuit();
    return events.map(([event, now, sentAt]) => {
      if (event === "wait") return circuit.waitMs(now);
      if (event === "failed") circuit.failed(sentAt, now);
      else circuit.succeeded();
      return null;
    });
  },
  "/retry": ({ outcome, rule, random, now }: RetryCase) => ({ delay: retryDelayMs(outcome, rule, random, now) }),
  "/copy": async ({ key }: { key: string }, env) => ({ copy: await env.REGISTRY.get(key, "json") }),
};

export default {
  async fetch(request, env): Promise<Response> {
    return Response.json(await RUN[new URL(request.url).pathname]!((await request.json()) as never, env));
  },
} satisfies ExportedHandler<Env>;
