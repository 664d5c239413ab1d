// A Stripe Checkout session: the address of a page on which a customer pays. Creating one moves no money; that it was
// paid comes by Stripe's webhook.
import * as v from "valibot";
import { Problem } from "#worker-kit/problem.ts";
import { type FieldError, integer, list, object, string } from "#worker-kit/validation.ts";
import { amountMistake, amountOrFree, currency } from "../../shared/currency.ts";
import { notConfigured } from "../../shared/problem.ts";
import type { Call } from "../../shared/serve.ts";
import { callStripe, type Form, isKeyRefused, type StripeAnswer, saidBy } from "../../shared/stripe.ts";
import { email, httpsUrl, invalidMeta, oneOf, text, textMap, validate } from "../../shared/validate.ts";
import { COURSE } from "./crm/meta.ts";
import type { Env } from "./env.ts";

const TIMEOUT_MS = 15_000;
/** Stripe puts the session's id in its place, wherever in the address it stands. */
const SESSION_ID = "{CHECKOUT_SESSION_ID}";

const RECURRING = object({
  interval: oneOf("day", "week", "month", "year"),
  intervalCount: v.optional(integer({ min: 1, max: 1095 })),
});
const LINE_ITEM = v.pipe(
  object({
    price: v.optional(string(/^price_\w+$/, { max: 100, message: "must be a Stripe price's id such as price_123" })),
    name: v.optional(text({ max: 200 })),
    /** In the currency's smallest unit: cents; 0 for what is free. */
    amount: v.optional(amountOrFree),
    currency: v.optional(currency),
    recurring: v.optional(RECURRING),
    quantity: v.optional(integer({ min: 1, max: 1000 }), 1),
  }),
  v.check(({ price, name, amount, currency, recurring }) => {
    const described = [name, amount, currency].filter((value) => value !== undefined).length;
    return price === undefined ? described === 3 : described === 0 && recurring === undefined;
  }, "needs either price, or name, amount and currency"),
);
/** As it is given, once it is checked: an address that was written anew would have the braces encoded. */
const RETURN_URL = v.pipe(
  v.custom<string>((value) => {
    const filled = typeof value === "string" ? value.replaceAll(SESSION_ID, "id") : "";
    return v.is(httpsUrl, filled) && !/[\s{}]/.test(filled);
  }, "must be an https:// address without a password; it may have {CHECKOUT_SESSION_ID} in it"),
);
const META = object({
  lineItems: list(LINE_ITEM, { min: 1, max: 20 }),
  mode: v.optional(oneOf("payment", "subscription"), "payment"),
  successUrl: RETURN_URL,
  cancelUrl: v.optional(RETURN_URL),
  customerEmail: v.optional(email),
  clientReferenceId: v.optional(text({ max: 200 })),
  /** In which whoever pays is enrolled. */
  course: v.optional(COURSE),
  metadata: v.optional(textMap(49), {}),
});
type Checkout = v.InferOutput<typeof META>;

export async function createCheckout({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  const checkout = validate(META, meta);
  const mistakes = mistakesOf(checkout);
  if (mistakes.length > 0) throw invalidMeta(mistakes);
  if (!env.STRIPE_API_KEY) throw notConfigured(["STRIPE_API_KEY"], "checkouts are Stripe's and need its secret key.");
  const answer = await callStripe(env, {
    path: "/v1/checkout/sessions",
    timeoutMs: TIMEOUT_MS,
    idempotencyKey: repeatKey,
    form: formOf(checkout),
  });
  const { status, body: session } = answer;
  if (status < 200 || status >= 300 || typeof session.id !== "string") throw refusalOf(answer);
  return Response.json({ id: session.id, url: session.url, expiresAt: session.expires_at }, { status: 201 });
}

function mistakesOf({ mode, lineItems }: Checkout): FieldError[] {
  const mistakes: FieldError[] = [];
  for (const [index, { amount, currency, recurring }] of lineItems.entries()) {
    const mistake = currency !== undefined && amount !== undefined ? amountMistake(currency, amount) : null;
    if (mistake !== null) mistakes.push({ pointer: `/meta/lineItems/${index}/amount`, message: mistake });
    if (recurring && mode === "payment") {
      const message = "is of a subscription: set mode to subscription";
      mistakes.push({ pointer: `/meta/lineItems/${index}/recurring`, message });
    }
  }
  if (mode === "subscription" && !lineItems.some(({ price, recurring }) => price || recurring)) {
    const message =
      "a subscription needs an item that recurs: give one `recurring: {interval}`, or a price of Stripe's";
    mistakes.push({ pointer: "/meta/lineItems", message });
  }
  return mistakes;
}

function formOf({ mode, lineItems, ...checkout }: Checkout): Form {
  return {
    mode,
    success_url: checkout.successUrl,
    cancel_url: checkout.cancelUrl,
    customer_email: checkout.customerEmail,
    client_reference_id: checkout.clientReferenceId,
    metadata: checkout.course === undefined ? checkout.metadata : { ...checkout.metadata, course: checkout.course },
    line_items: lineItems.map(({ price, name, amount, currency, quantity, recurring }) => {
      if (price !== undefined) return { price, quantity };
      const every = recurring && { interval: recurring.interval, interval_count: recurring.intervalCount };
      return { quantity, price_data: { currency, unit_amount: amount, product_data: { name }, recurring: every } };
    }),
  };
}

/** What the request is to blame for is 422, what our key or Stripe is, 502 or 503. */
function refusalOf(answer: StripeAnswer): Problem {
  const { status, error, retryAfterMs } = answer;
  const detail = `Stripe ${saidBy(answer)}.`;
  const members = { outcome: "rejected", ...(status === 0 ? {} : { upstreamStatus: status }) };
  if (status === 429) {
    const headers = { "retry-after": String(Math.ceil((retryAfterMs ?? 30_000) / 1000)) };
    return new Problem({ status: 503, title: "Upstream busy", detail, members, headers });
  }
  if (error.type === "idempotency_error" && status === 400) {
    const why = "This Idempotency-Key came with another checkout before. Repeat that as it was, or take a new key.";
    return new Problem({ status: 422, title: "Idempotency-Key reused", detail: why, members });
  }
  if (isKeyRefused(status)) return new Problem({ status: 502, title: "Upstream refused", detail, members });
  if (status >= 400 && status < 500 && status !== 409) {
    return new Problem({ status: 422, title: "Upstream refused", detail, members });
  }
  // It may have been made; that moves no money, and a repeat with the same key finds it.
  return new Problem({
    status: 502,
    title: "Upstream failed",
    detail,
    members: { ...members, outcome: "unknown" },
  });
}
