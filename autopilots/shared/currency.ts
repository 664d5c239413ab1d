// Amounts in a currency's smallest unit, as Stripe takes them (docs.stripe.com/currencies). How large one may be is left
// to Stripe, which has twelve digits for IDR and eight for most.
import { integer, string } from "#worker-kit/validation.ts";

const MOST = 999_999_999_999;
/** ISO 4217 gives them three decimals, and Stripe wants the last to be 0. */
const THREE_DECIMALS = new Set(["bhd", "jod", "kwd", "omr", "tnd"]);
/** ISO 4217 gives them none, and Stripe takes them as if they had two, which must be 0. */
const ZERO_DECIMALS_AS_TWO = new Set(["isk", "ugx"]);

export const currency = string(/^[a-z]{3}$/, { max: 3, message: "must be a currency such as eur" });
/** Of money that moves; `free`: 0 is one too. */
export const amount = integer({ min: 1, max: MOST });
export const amountOrFree = integer({ min: 0, max: MOST });

/** What is wrong with an amount in this currency; null where nothing is. */
export function amountMistake(currency: string, amount: number): string | null {
  if (THREE_DECIMALS.has(currency) && amount % 10 !== 0) {
    return `must end with a 0: ${currency} has three decimals, of which Stripe takes two`;
  }
  if (ZERO_DECIMALS_AS_TWO.has(currency) && amount % 100 !== 0) {
    return `must end with 00: ${currency} has no decimals, and Stripe takes it as if it had two`;
  }
  return null;
}
