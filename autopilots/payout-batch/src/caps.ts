// What somebody else has to approve: amounts above a cap, and payees that are new. Pure.
import { notConfigured } from "../../shared/problem.ts";
import type { Env } from "./env.ts";
import type { Asked } from "./meta.ts";

type CapName = "PAYOUT_CAP_ITEM" | "PAYOUT_CAP_BATCH" | "PAYOUT_CAP_DAY";

/**
 * A cap in the currency's smallest unit; null where none is set, 0 where there are caps and none for this currency.
 * Throws a problem (503) for what cannot be read: a cap that is misspelt would be none.
 */
export function capOf(env: Env, name: CapName, currency: string): number | null {
  const text = env[name]?.trim();
  if (!text) return null;
  const caps = new Map<string, number>();
  for (const each of text.split(/\s+/)) {
    const [, key, amount] = /^([a-z]{3}):(\d{1,12})$/.exec(each) ?? [];
    if (key === undefined) throw notConfigured([name], "it must be like `eur:100000 usd:120000`.");
    caps.set(key, Number(amount));
  }
  return caps.get(currency) ?? 0;
}

/** Why a batch waits for approval, as sentences; none where it does not. `paid`: the payees that were paid before. */
export function reasonsToAsk(env: Env, asked: Asked, paid: ReadonlySet<string>): string[] {
  const { currency, total, payouts } = asked;
  const [item, batch] = [capOf(env, "PAYOUT_CAP_ITEM", currency), capOf(env, "PAYOUT_CAP_BATCH", currency)];
  const reasons = payouts
    .filter(({ amount }) => item !== null && amount > item)
    .map(({ destination, amount }) => `${destination} would get ${amount} ${currency}, and one may get ${item}.`);
  if (batch !== null && total > batch) reasons.push(`All come to ${total} ${currency}, and a batch may to ${batch}.`);
  if (env.PAYOUT_PAYEES !== undefined) {
    const known = new Set(env.PAYOUT_PAYEES.split(/\s+/));
    const unknown = payouts.map(({ destination }) => destination).filter((each) => !known.has(each) && !paid.has(each));
    reasons.push(...[...new Set(unknown)].map((each) => `${each} has never been paid.`));
  }
  return reasons;
}
