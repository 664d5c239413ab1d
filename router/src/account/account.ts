// What is really in the Cloudflare account: lists, read with the diagnosis token. Nothing is changed here.

import routingTable from "routing-table";
import type { Env } from "../env.ts";
import { KIND } from "../registry/registration.ts";
import type { Missing } from "../routing/decide.ts";
import { type Api, type ApiAnswer, cloudflareApi, NOTHING, R2_IS_OFF } from "./cloudflare-api.ts";
import { refuseUnread } from "./problems.ts";

export interface AccountContents {
  readonly kv: readonly { readonly id: string; readonly title: string }[];
  readonly r2: readonly { readonly name: string }[];
  readonly d1: readonly { readonly name: string }[];
  readonly workers: readonly string[];
  /** False in an account where nobody has switched R2 on; it has no buckets then. */
  readonly isR2On: boolean;
}

const LISTS = Object.keys(KIND) as (keyof typeof KIND)[];
const A_PAGE = 1000; // the most that Cloudflare gives at once
const MOST_PAGES = 2; // of each list: a request may make 50 calls in all
/** A bucket is found in its own jurisdiction only; these are asked where a declared one is in no other list. */
const JURISDICTIONS = ["eu", "fedramp"];

/** One of the lists: its items, or the answer that is none. */
type Listed<Item> = { readonly items: readonly Item[]; readonly refused?: ApiAnswer };

/**
 * Undefined where the Worker has no token for it. Throws a problem (502): with the missing permissions where Cloudflare
 * refuses the token, else with what Cloudflare answered.
 */
export async function readAccount(env: Env): Promise<AccountContents | undefined> {
  const api = cloudflareApi(env);
  if (!api) return undefined;
  const [kv, r2, d1, workers] = await Promise.all([
    readPages<{ id: string; title: string }>((page) =>
      api("GET", `/storage/kv/namespaces?per_page=${A_PAGE}&page=${page}`),
    ),
    readBuckets(api),
    readPages<{ name: string }>((page) => api("GET", `/d1/database?per_page=${A_PAGE}&page=${page}`)),
    readPages<{ id: string }>(() => api("GET", "/workers/scripts"), 1), // it is never divided
  ]);
  const isR2On = !R2_IS_OFF.has(r2.refused?.code ?? 0);
  refuseUnread({ kv: kv.refused, d1: d1.refused, workers: workers.refused, ...(isR2On ? { r2: r2.refused } : {}) });
  const found = [...r2.items];
  const known = new Set(found.map(({ name }) => name));
  if (isR2On && routingTable.declared.r2Buckets.some((name) => !known.has(realName(name, env)))) {
    const others = await Promise.all(JURISDICTIONS.map((jurisdiction) => readBuckets(api, jurisdiction)));
    // An account without that jurisdiction (4xx) has none there.
    refuseUnread({ r2: others.map(({ refused }) => refused).find((refused) => refused && isPassing(refused)) });
    found.push(...others.flatMap(({ items }) => items));
  }
  return {
    kv: kv.items.map(({ id, title }) => ({ id, title })),
    r2: found.map(({ name }) => ({ name })),
    d1: d1.items.map(({ name }) => ({ name })),
    workers: workers.items.map(({ id }) => id),
    isR2On,
  };
}

/** What autopilots.yaml declares and the account has not, by the names of the file. */
export function missingResources(contents: AccountContents, env: Env): Missing[] {
  const { declared } = routingTable;
  return LISTS.flatMap((list) =>
    declared[list]
      .map((name): Missing => ({ kind: KIND[list], name }))
      .filter(({ kind, name }) => !exists(contents, env, kind, name)),
  );
}

/** Whether the account has what autopilots.yaml calls `name`. */
export function exists({ kv, r2, d1, workers }: AccountContents, env: Env, kind: string, name: string): boolean {
  const real = realName(name, env);
  if (kind === "kvNamespace") return kv.some(({ title }) => title === real);
  if (kind === "d1Database") return d1.some((database) => database.name === real);
  return kind === "r2Bucket" ? r2.some((bucket) => bucket.name === real) : workers.includes(real);
}

/** It says nothing of what there is. */
function isPassing({ status }: ApiAnswer): boolean {
  return status < 400 || status === 429 || status >= 500;
}

function realName(name: string, { NAME_PREFIX: prefix = "" }: Env): string {
  return prefix + name;
}

function readBuckets(api: Api, jurisdiction?: string): Promise<Listed<{ name: string }>> {
  const headers = jurisdiction ? { "cf-r2-jurisdiction": jurisdiction } : {};
  return readPages((_page, cursor) =>
    api("GET", `/r2/buckets?per_page=${A_PAGE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`, { headers }),
  );
}

/** All pages of a list, whether it has them by number or by cursor; one that is not full is the last. */
async function readPages<Item>(
  get: (page: number, cursor?: string) => Promise<ApiAnswer>,
  most = MOST_PAGES,
): Promise<Listed<Item>> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (let page = 1; page <= most; page++) {
    const answer = await get(page, cursor);
    const { result } = answer;
    const found = Array.isArray(result) ? result : (result as { buckets?: Item[] } | null)?.buckets;
    if (answer.status !== 200 || !found) return { items, refused: answer };
    items.push(...found);
    cursor = answer.cursor;
    if (found.length < A_PAGE || most === 1) return { items };
  }
  return { items, refused: { ...NOTHING, message: `it has more than ${items.length} entries` } };
}
