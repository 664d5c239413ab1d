// POST /autopilot/ensure-infra: which of the wanted namespaces, buckets and databases there are, which autopilots.yaml declares and
// the account lacks (then a heal is asked for), and which it does not declare (then what to add to it is said). Nothing
// is made from here: what exists is what the file says.

import routingTable from "routing-table";
import * as v from "valibot";
import { Problem } from "#worker-kit/problem.ts";
import { object } from "#worker-kit/validation.ts";
import { exists, missingResources, readAccount } from "../account/account.ts";
import { NOT_CONFIGURED } from "../account/problems.ts";
import { requestHeal } from "../health/heal-request.ts";
import { readBody } from "../http/body.ts";
import type { Call } from "../http/call.ts";
import { record } from "../journal/journal.ts";
import { KIND, resourceNames } from "../registry/registration.ts";
import type { Missing } from "../routing/decide.ts";

const LISTS = ["kvNamespaces", "r2Buckets", "d1Databases"] as const;
const WANT = object(
  {
    want: object(
      {
        kvNamespaces: v.optional(resourceNames("kvNamespaces"), []),
        r2Buckets: v.optional(resourceNames("r2Buckets"), []),
        d1Databases: v.optional(resourceNames("d1Databases"), []),
      },
      "cannot be wanted: there are kvNamespaces, r2Buckets and d1Databases",
    ),
  },
  "is not a member of this request: it has want",
);

/** 202 where a heal is under way, else 200. Throws a problem: 422; 503 without a token, 502 where Cloudflare refuses it. */
export async function ensureInfra(call: Call): Promise<Response> {
  const { request, env, requestId, caller } = call;
  const { want } = await readBody(request, WANT);
  const contents = await readAccount(env);
  if (!contents) throw new Problem(NOT_CONFIGURED);
  const absent = new Set(missingResources(contents, env).map(({ kind, name }) => `${kind} ${name}`));
  const resources = LISTS.flatMap((list) =>
    want[list].map((name) => {
      const kind = KIND[list];
      const isDeclared = routingTable.declared[list].includes(name);
      if (absent.has(`${kind} ${name}`)) return { kind, name, status: "missing", exists: false };
      return { kind, name, status: isDeclared ? "ready" : "undeclared", exists: exists(contents, env, kind, name) };
    }),
  );
  const missing = resources.filter(({ status }) => status === "missing").map(({ kind, name }) => ({ kind, name }));
  const undeclared = resources.filter(({ status }) => status === "undeclared");
  const reason = { missing, source: "ensure-infra", caller } as const;
  const heal = missing.length > 0 ? await requestHeal(env, reason, requestId) : undefined;
  const isUnderWay = heal?.status === "requested" || heal?.status === "already-requested";
  const status = isUnderWay ? 202 : 200;
  const ready = missing.length + undeclared.length === 0;
  record(call, { kind: "infra", caller, outcome: ready ? "ready" : "missing", status });
  const hints = [missing.length > 0 ? LOST : "", undeclared.length > 0 ? ADD : ""].filter((hint) => hint !== "");
  return Response.json(
    {
      ready,
      resources,
      ...(heal ? { heal } : {}),
      ...(undeclared.length > 0 ? { yaml: yamlFor(undeclared) } : {}),
      ...(hints.length > 0 ? { hint: hints.join(" ") } : {}),
    },
    { status },
  );
}

const LOST =
  "What was deleted held data: the heal recreates it, empty, only when it is told: `python -m orchestrator heal " +
  "--recreate NAME`.";
const ADD =
  "What is not declared is added to autopilots.yaml by pull request; what exists already is taken over by " +
  "`python -m orchestrator adopt`.";

/** The lines of autopilots.yaml that would declare them; a JSON string is one of YAML, too. */
function yamlFor(undeclared: readonly Missing[]): string {
  const lines = LISTS.map((list) => {
    const names = undeclared.filter(({ kind }) => kind === KIND[list]).map(({ name }) => JSON.stringify(name));
    return names.length > 0 ? `      ${list}: [${names.join(", ")}]\n` : "";
  });
  return `autopilots:\n  - name: <the autopilot that needs it>\n    needs:\n${lines.join("")}`;
}
