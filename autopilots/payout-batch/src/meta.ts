// What callers say of payouts.
import * as v from "valibot";
import { type FieldError, list, object, string } from "#worker-kit/validation.ts";
import { amount, amountMistake, currency } from "../../shared/currency.ts";
import { invalidMeta, text, validate } from "../../shared/validate.ts";

/** Each invocation pays fifteen, so a batch of this size takes three. */
const MAX_PAYOUTS = 40;

/** A payout as it is asked for. */
interface Payout {
  readonly destination: string;
  readonly amount: number;
  readonly currency: string;
  readonly description?: string | undefined;
  readonly reference?: string | undefined;
}

export interface Asked {
  readonly currency: string;
  readonly total: number;
  readonly payouts: readonly Payout[];
}

const ENTRIES = {
  destination: string(/^acct_\w+$/, { max: 100, message: "must be a Stripe account's id such as acct_123" }),
  /** In the currency's smallest unit: cents. */
  amount,
  currency,
  description: v.optional(text({ max: 200 })),
  /** The caller's own name for it: an invoice, a month. A payee gets one payout of a reference and currency, ever. */
  reference: v.optional(text({ max: 200 })),
};
const TRANSFER = object(ENTRIES);
const BATCH = object({
  /** Of each payout; and what all of them come to. */
  currency: v.optional(currency),
  total: v.optional(amount),
  payouts: list(object({ ...ENTRIES, currency: v.optional(currency) }), { min: 1, max: MAX_PAYOUTS }),
});

export function oneOf(meta: unknown): Asked {
  const payout = validate(TRANSFER, meta);
  const mistake = amountMistake(payout.currency, payout.amount);
  if (mistake !== null) throw invalidMeta([{ pointer: "/meta/amount", message: mistake }]);
  return { currency: payout.currency, total: payout.amount, payouts: [payout] };
}

/** Throws a problem (422) also where the stated currency or total is not that of the payouts. */
export function batchOf(meta: unknown): Asked {
  const asked = validate(BATCH, meta);
  const mistakes = mistakesOf(asked);
  if (mistakes.length > 0) throw invalidMeta(mistakes);
  const currency = asked.currency ?? asked.payouts[0]!.currency!;
  const payouts = asked.payouts.map(({ destination, amount, description, reference }) => ({
    ...{ destination, amount, currency },
    ...(description === undefined ? {} : { description }),
    ...(reference === undefined ? {} : { reference }),
  }));
  return { currency, total: sum(payouts), payouts };
}

/** What does not agree. */
function mistakesOf({ currency, total, payouts }: v.InferOutput<typeof BATCH>): FieldError[] {
  const found: FieldError[] = [];
  const currencies = new Set([currency, ...payouts.map((each) => each.currency)].filter((each) => each !== undefined));
  if (currencies.size === 0) found.push({ pointer: "/meta/currency", message: "must be a currency such as eur" });
  if (currencies.size > 1) {
    const message = `must be of one currency, and there are ${[...currencies].join(", ")}`;
    found.push({ pointer: "/meta/payouts", message });
  }
  if (total !== undefined && total !== sum(payouts)) {
    const message = `must be what the payouts come to, which is ${sum(payouts)}`;
    found.push({ pointer: "/meta/total", message });
  }
  for (const [index, { amount, currency: own = currency }] of payouts.entries()) {
    const mistake = own === undefined ? null : amountMistake(own, amount);
    if (mistake !== null) found.push({ pointer: `/meta/payouts/${index}/amount`, message: mistake });
  }
  const items = payouts.map(({ destination, reference }) => JSON.stringify([destination, reference ?? null]));
  if (new Set(items).size !== items.length) {
    const message = "has two payouts of one payee and reference; where that is meant, give each a reference of its own";
    found.push({ pointer: "/meta/payouts", message });
  }
  return found;
}

function sum(payouts: readonly { readonly amount: number }[]): number {
  return payouts.reduce((total, { amount }) => total + amount, 0);
}
