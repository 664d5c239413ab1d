// Transfers at Stripe. Each has an Idempotency-Key of its own, made of the payout's name and its place in it, so that
// Stripe itself sends none twice; and each is in the payout's transfer group, where it is found again.
import { Problem } from "#worker-kit/problem.ts";
import { isObject } from "#worker-kit/validation.ts";
import { callExternal } from "../../shared/external.ts";
import { formOf, stripeUrl } from "../../shared/stripe.ts";
import type { Env } from "./env.ts";

/** What was asked for, and what came of it; `waiting` was not sent. */
export interface Transfer {
  destination: string;
  amount: number;
  currency: string;
  description?: string | undefined;
  reference?: string | undefined;
  status: "waiting" | "paid" | "rejected" | "unknown";
  /** Stripe's. */
  id?: string;
  reason?: string;
  /** How often Stripe refused it: the next try is another request to Stripe, which keeps its refusals. */
  refusals: number;
}

const AT_ONCE = 5; // a Worker may have six connections
const SENDING_MS = 8_000; // after this none is begun: with the last call's 15 s it is within a task's 25 s

/** Sends those that are not paid, until an outcome is unknown: a person looks before the rest is sent. */
export async function sendAll(env: Env, name: string, transfers: readonly Transfer[]): Promise<void> {
  const begun = Date.now();
  const queue = [...transfers.entries()].filter(([, { status }]) => status !== "paid");
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      if (transfers.some(({ status }) => status === "unknown") || Date.now() - begun > SENDING_MS) return;
      await send(env, name, ...next);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function send(env: Env, name: string, index: number, transfer: Transfer): Promise<void> {
  const { destination, amount, currency, description, reference, refusals } = transfer;
  try {
    const { id } = await callExternal({
      service: "Stripe",
      url: stripeUrl(env, "/v1/transfers"),
      key: env.STRIPE_API_KEY!,
      idempotencyKey: `payout-${name}-${index}-${refusals}`,
      body: formOf({
        ...{ amount, currency, destination, description },
        transfer_group: name,
        metadata: { index, reference },
      }),
    });
    if (typeof id === "string") Object.assign(transfer, { status: "paid", id, reason: undefined });
    else Object.assign(transfer, { status: "unknown", reason: "Stripe's answer has no id." });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const isRefused = error.members.outcome === "rejected";
    Object.assign(transfer, { status: isRefused ? "rejected" : "unknown", reason: error.message });
    if (isRefused) transfer.refusals++;
  }
}

/** Marks those as paid that Stripe has, and the others as waiting. Throws a problem where it does not say. */
export async function lookUp(env: Env, name: string, transfers: readonly Transfer[]): Promise<void> {
  const url = new URL(stripeUrl(env, "/v1/transfers"));
  url.search = new URLSearchParams({ transfer_group: name, limit: "100" }).toString();
  const { data } = await callExternal({ service: "Stripe", url: url.href, key: env.STRIPE_API_KEY! });
  if (!Array.isArray(data)) {
    const detail = "Stripe's list of transfers was not understood.";
    throw new Problem({ status: 502, title: "Upstream failed", detail, members: { outcome: "unknown" } });
  }
  for (const transfer of transfers) if (transfer.status !== "paid") transfer.status = "waiting";
  for (const each of data) {
    if (!isObject(each) || !isObject(each.metadata)) continue;
    const transfer = transfers[Number(each.metadata.index)];
    if (transfer) Object.assign(transfer, { status: "paid", id: each.id, reason: undefined });
  }
}
