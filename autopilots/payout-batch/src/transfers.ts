// Transfers at Stripe, and what an answer says of one. Each has an Idempotency-Key made of the batch, its place in it
// and a number, so that Stripe itself makes none twice; and each is in the batch's transfer group, where it is found.
import { isObject } from "#worker-kit/validation.ts";
import { callStripe, type StripeAnswer, saidBy } from "../../shared/stripe.ts";
import type { Env } from "./env.ts";
import type { Item } from "./ledger.ts";

const TIMEOUT_MS = 8_000;
const A_PAGE = 100;
const MOST_PAGES = 5;
/** Stripe keeps a key for 24 hours at least; after this the same one may be taken for a new transfer. */
export const KEY_LIFE_MS = 23 * 60 * 60 * 1000;

/**
 * `paid`; `refused`: certainly not done, and it will not be; `wait`: certainly not done by this call, later perhaps;
 * `kept`: a failure that Stripe answers again for this key, whether it was done or not; `unknown`.
 */
export type Sent =
  | { readonly kind: "paid"; readonly id: string }
  | { readonly kind: "refused" | "kept" | "unknown"; readonly why: string; readonly status: number }
  | { readonly kind: "wait"; readonly why: string; readonly afterMs: number | null };

export async function sendTransfer(env: Env, item: Item): Promise<Sent> {
  const { batch, position, amount, currency, payee, description, named, reference, key_number } = item;
  const answer = await callStripe(env, {
    path: "/v1/transfers",
    timeoutMs: TIMEOUT_MS,
    idempotencyKey: `payout-${batch}-${position}-${key_number}`,
    // The same parameters as ever under this key, or Stripe refuses it: nothing of the moment may be in them.
    form: {
      ...{ amount, currency, destination: payee, description },
      transfer_group: batch,
      metadata: { index: position, reference: named ? reference : undefined },
    },
  });
  return readAnswer(answer);
}

/** Pure. */
function readAnswer(answer: StripeAnswer): Sent {
  const { status, body, error, isReplayed, retryAfterMs } = answer;
  const why = `Stripe ${saidBy(answer)}.`;
  if (status >= 200 && status < 300) {
    return typeof body.id === "string" ? { kind: "paid", id: body.id } : { kind: "unknown", why, status };
  }
  if (status === 429 || status === 409) return { kind: "wait", why, afterMs: retryAfterMs };
  if (error.type === "idempotency_error") return { kind: "kept", why, status };
  if (status >= 400 && status < 500) return { kind: "refused", why, status };
  return { kind: isReplayed ? "kept" : "unknown", why, status };
}

/** A transfer of Stripe's, as far as it tells which item it is. */
interface Found {
  readonly id: string;
  readonly isReversed: boolean;
}

/** What Stripe has of an item; `null` for nothing. */
export type LookUp = (item: Item) => Found | null;

/** All of the batch's group; null where Stripe does not say. */
export async function lookUp(env: Env, batch: string): Promise<LookUp | null> {
  const found: Record<string, unknown>[] = [];
  let after = "";
  for (let page = 0; page < MOST_PAGES; page++) {
    const path = `/v1/transfers?transfer_group=${batch}&limit=${A_PAGE}${after}`;
    const { status, body } = await callStripe(env, { path, timeoutMs: TIMEOUT_MS });
    if (status !== 200 || !Array.isArray(body.data)) return null;
    found.push(...body.data.filter(isObject));
    const last = found.at(-1);
    if (body.has_more !== true || !last) return (item) => foundOf(found, item);
    after = `&starting_after=${encodeURIComponent(String(last.id))}`;
  }
  return null;
}

/** By payee, amount and currency, and the place that was sent along. Pure. */
function foundOf(transfers: readonly Record<string, unknown>[], item: Item): Found | null {
  const same = transfers.find(
    ({ destination, amount, currency, metadata }) =>
      destination === item.payee &&
      amount === item.amount &&
      currency === item.currency &&
      (!isObject(metadata) || metadata.index === undefined || metadata.index === String(item.position)),
  );
  if (!same || typeof same.id !== "string") return null;
  return { id: same.id, isReversed: same.reversed === true || Number(same.amount_reversed ?? 0) > 0 };
}
