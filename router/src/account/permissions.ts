// What the diagnosis token may do, found out without changing anything. The twin of orchestrator/cloudflare/permissions.py, which
// explains the table: a write that can never be valid is refused for its content where the token may write, and as a
// whole (10000) where it may not.

import { type Api, type ApiAnswer, R2_IS_OFF } from "./cloudflare-api.ts";

export interface Permission {
  readonly name: string;
  readonly status: "granted" | "missing" | "unknown";
  /** False of one that is missing and that this token, which only reads, does without. */
  readonly needed?: boolean;
  readonly note?: string;
}

const PROBES: readonly (readonly [name: string, method: string, path: string, body?: unknown])[] = [
  ["Workers Scripts Edit", "PUT", "/workers/scripts/autopilot-permission-probe"],
  ["Workers KV Storage Edit", "POST", "/storage/kv/namespaces", { title: "" }],
  ["Workers R2 Storage Edit", "POST", "/r2/buckets", { name: "" }],
  ["Account Settings Read", "GET", ""],
  ["D1 Edit", "POST", "/d1/database", { name: "" }],
];
const READ_IS_ENOUGH =
  "This token only diagnoses, so Read is enough for it; `pulumi up` has its own, which needs Edit.";
const AUTHENTICATION = 10000;
/** No such account: nothing is known about the right one. */
const ACCOUNT_UNKNOWN = new Set([7000, 7003]);

/** Where the file has a task that is done later. */
const QUEUES = ["Queues Edit", "POST", "/queues", { queue_name: "" }] as const;

/** Each permission that the orchestrator needs, as `api`'s token has it; `queues`: whether it has any. */
export function probePermissions(api: Api, { queues }: { readonly queues: boolean }): Promise<Permission[]> {
  return Promise.all(
    [...PROBES, ...(queues ? [QUEUES] : [])].map(async ([name, method, path, body]) => {
      const status = grantState(await api(method, path, { body }));
      const isNoLoss = status === "missing" && name.endsWith("Edit");
      return { name, status, ...(isNoLoss ? { needed: false, note: READ_IS_ENOUGH } : {}) };
    }),
  );
}

function grantState({ status, code }: ApiAnswer): Permission["status"] {
  if (code === AUTHENTICATION && status !== 401) return "missing";
  if (status === 401 || status === 429 || ACCOUNT_UNKNOWN.has(code) || status < 200 || status >= 500) return "unknown";
  // Where R2 is off the token was taken, or the answer would have been 10000.
  return status === 403 && !R2_IS_OFF.has(code) ? "missing" : "granted";
}
