// What callers say of payouts.
import * as v from "valibot";
import { integer, list, object, string } from "#worker-kit/validation.ts";
import { text } from "../../shared/validate.ts";

/** With five at a time this is done well within a task's 25 s, and below the 50 subrequests of the free plan. */
const MAX_PAYOUTS = 40;

export const TRANSFER = object({
  destination: string(/^acct_\w+$/, { max: 100, message: "must be a Stripe account's id such as acct_123" }),
  /** In the currency's smallest unit: cents. */
  amount: integer({ min: 1, max: 99_999_999 }),
  currency: string(/^[a-z]{3}$/, { max: 3, message: "must be a currency such as eur" }),
  description: v.optional(text({ max: 200 })),
  /** The caller's own name for it: an invoice, a month. */
  reference: v.optional(text({ max: 200 })),
});

export const BATCH = v.pipe(
  object({ payouts: list(TRANSFER, { min: 1, max: MAX_PAYOUTS }) }),
  v.check(({ payouts }) => {
    const distinct = new Set(
      payouts.map(({ destination, amount, currency, reference }) =>
        JSON.stringify([destination, amount, currency, reference]),
      ),
    );
    return distinct.size === payouts.length;
  }, "has the same payout twice; where that is meant, give each a reference of its own"),
);
