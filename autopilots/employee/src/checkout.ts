// A Stripe Checkout session: the address of a page on which a customer pays. Creating one moves no money.
import * as v from "valibot";
import { integer, list, object, string } from "#worker-kit/validation.ts";
import { callExternal } from "../../shared/external.ts";
import { notConfigured } from "../../shared/problem.ts";
import type { Call } from "../../shared/serve.ts";
import { formOf, stripeUrl } from "../../shared/stripe.ts";
import { email, httpsUrl, oneOf, text, textMap, validate } from "../../shared/validate.ts";
import type { Env } from "./env.ts";

const LINE_ITEM = v.pipe(
  object({
    price: v.optional(string(/^price_\w+$/, { max: 100, message: "must be a Stripe price's id such as price_123" })),
    name: v.optional(text({ max: 200 })),
    /** In the currency's smallest unit: cents. */
    amount: v.optional(integer({ min: 1, max: 99_999_999 })),
    currency: v.optional(string(/^[a-z]{3}$/, { max: 3, message: "must be a currency such as eur" })),
    quantity: v.optional(integer({ min: 1, max: 1000 }), 1),
  }),
  v.check(({ price, name, amount, currency }) => {
    const described = [name, amount, currency].filter((value) => value !== undefined).length;
    return described === (price === undefined ? 3 : 0);
  }, "needs either price, or name, amount and currency"),
);
const META = object({
  lineItems: list(LINE_ITEM, { min: 1, max: 20 }),
  mode: v.optional(oneOf("payment", "subscription"), "payment"),
  successUrl: httpsUrl,
  cancelUrl: v.optional(httpsUrl),
  customerEmail: v.optional(email),
  clientReferenceId: v.optional(text({ max: 200 })),
  metadata: v.optional(textMap(50), {}),
});

export async function createCheckout({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  const checkout = validate(META, meta);
  if (!env.STRIPE_API_KEY) throw notConfigured(["STRIPE_API_KEY"], "checkouts are Stripe's and need its secret key.");
  const session = await callExternal({
    service: "Stripe",
    url: stripeUrl(env, "/v1/checkout/sessions"),
    key: env.STRIPE_API_KEY,
    idempotencyKey: repeatKey,
    body: formOf({
      mode: checkout.mode,
      success_url: checkout.successUrl,
      cancel_url: checkout.cancelUrl,
      customer_email: checkout.customerEmail,
      client_reference_id: checkout.clientReferenceId,
      metadata: checkout.metadata,
      line_items: checkout.lineItems.map(({ price, name, amount, currency, quantity }) =>
        price
          ? { price, quantity }
          : { quantity, price_data: { currency, unit_amount: amount, product_data: { name } } },
      ),
    }),
  });
  return Response.json({ id: session.id, url: session.url, expiresAt: session.expires_at }, { status: 201 });
}
