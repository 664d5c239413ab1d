// What Cloudflare's analytics say that the account has used: one GraphQL query, asked by each scheduled run where the
// stack gives the Worker a token for it. They are sampled and some minutes late, so each figure is "about".

import { type Api, cloudflareApi } from "../account/cloudflare-api.ts";
import type { Env } from "../env.ts";

/** What was read: `used` by the names of orchestrator/limits/plans.py, or `why` it could not be. */
export interface AccountUse {
  /** ISO 8601. */
  readonly at: string;
  readonly used?: Readonly<Record<string, number>> | undefined;
  readonly why?: string | undefined;
}

/** Of all that is alike in its dimensions. */
type Group = {
  readonly sum?: Readonly<Record<string, unknown>>;
  readonly dimensions?: { readonly actionType?: unknown };
};

/** Each figure: the data set, the sum in it, and which actions count; all where none is named. */
const FIGURES: Readonly<Record<string, readonly [dataset: string, sum: string, actions?: RegExp]>> = {
  requests: ["workersInvocationsAdaptive", "requests"],
  kvReads: ["kvOperationsAdaptiveGroups", "requests", /^read/],
  kvWrites: ["kvOperationsAdaptiveGroups", "requests", /^write/],
  kvDeletes: ["kvOperationsAdaptiveGroups", "requests", /^delete/],
  kvLists: ["kvOperationsAdaptiveGroups", "requests", /^list/],
  d1RowsRead: ["d1AnalyticsAdaptiveGroups", "rowsRead"],
  d1RowsWritten: ["d1AnalyticsAdaptiveGroups", "rowsWritten"],
  queueOperations: ["queueMessageOperationsAdaptiveGroups", "billableOperations"],
  neurons: ["aiInferenceAdaptiveGroups", "totalNeurons"],
  // https://developers.cloudflare.com/r2/pricing/: deleting and aborting are free
  r2ClassA: ["r2OperationsAdaptiveGroups", "requests", /^(?!Head|Get|Usage|Delete|Abort)/],
  r2ClassB: ["r2OperationsAdaptiveGroups", "requests", /^(Head|Get|Usage)/],
};
const MOST_OF_A_REASON = 200;
const REFUSED = /^40[13]|authori[sz]ed|authenticat/i;

/** Undefined where the stack has no token for it. Never throws: what could not be read has its reason. */
export async function readAccountUse(env: Env, at: string): Promise<AccountUse | undefined> {
  if (!env.CLOUDFLARE_ANALYTICS_TOKEN) return undefined;
  const api = cloudflareApi(env, env.CLOUDFLARE_ANALYTICS_TOKEN);
  if (!api) return undefined;
  return { at, ...(await ask(api, queryOf(env.CLOUDFLARE_ACCOUNT_ID!, at.slice(0, 10)))) };
}

async function ask(api: Api, query: string): Promise<Omit<AccountUse, "at">> {
  const { status, message, result } = await api("POST", "//graphql", { body: { query } });
  if (status !== 200 || message) {
    const needs = REFUSED.test(`${status} ${message}`) ? ` (analyticsToken needs "Account Analytics: Read")` : "";
    return { why: `${message.slice(0, MOST_OF_A_REASON) || `HTTP ${status}`}${needs}` };
  }
  const used = figuresOf(result);
  return used ? { used } : { why: "The answer has no such account." };
}

function queryOf(account: string, day: string): string {
  const of = (dataset: string, fields: string, since = day) =>
    `${dataset}(limit: 1000, filter: {date_geq: "${since}", date_leq: "${day}"}) {${fields}}`;
  const datasets = [
    of("workersInvocationsAdaptive", "sum {requests}"),
    of("kvOperationsAdaptiveGroups", "sum {requests} dimensions {actionType}"),
    of("d1AnalyticsAdaptiveGroups", "sum {rowsRead rowsWritten}"),
    of("queueMessageOperationsAdaptiveGroups", "sum {billableOperations}"),
    of("aiInferenceAdaptiveGroups", "sum {totalNeurons}"),
    of("r2OperationsAdaptiveGroups", "sum {requests} dimensions {actionType}", `${day.slice(0, 8)}01`),
  ];
  return `{viewer {accounts(filter: {accountTag: "${account}"}) {${datasets.join(" ")}}}}`;
}

/** Of a stranger's answer: a data set that it has not, or has otherwise than it was asked for, gives no figure. */
function figuresOf(data: unknown): Record<string, number> | undefined {
  const account = (data as { viewer?: { accounts?: Record<string, unknown>[] } } | null)?.viewer?.accounts?.[0];
  if (!account) return undefined;
  const used: Record<string, number> = {};
  for (const [name, [dataset, field, actions = /^/]] of Object.entries(FIGURES)) {
    const groups = account[dataset];
    if (!Array.isArray(groups)) continue;
    const sums = (groups as Group[])
      .filter((group) => actions.test(String(group?.dimensions?.actionType)))
      .map((group) => group?.sum?.[field])
      .map((value) => (typeof value === "number" ? value : Number.NaN));
    const sum = Math.round(sums.reduce((all, each) => all + each, 0));
    if (sum >= 0) used[name] = sum;
  }
  return used;
}
