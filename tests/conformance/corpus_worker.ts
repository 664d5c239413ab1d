// Runs the corpora's cases in workerd: POST /decide and POST /url with a case's values answer what the router would do.
import { decide, type State } from "../../router/src/decide.ts";
import type { RoutingTable } from "../../router/src/table.ts";
import { checkEndpoint, MESSAGES, type UrlRules } from "../../router/src/urls.ts";

interface DecideCase {
  table: RoutingTable;
  task: string;
  state: State;
  random: number;
}

const RUN: Readonly<Record<string, (input: never) => unknown>> = {
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
};

export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(RUN[new URL(request.url).pathname]!((await request.json()) as never));
  },
} satisfies ExportedHandler;
