// What calls of Stripe have in common: where it is, and its form encoding.
import { externalUrl } from "./external.ts";

export interface StripeEnv {
  STAGE: string;
  STRIPE_API_KEY?: string;
  /** Another base than Stripe's own, such as a stand-in on the local stack. */
  STRIPE_API_URL?: string;
}

/** The address of `path` at Stripe. Throws a problem (503) for a base that is not allowed. */
export function stripeUrl(env: StripeEnv, path: string): string {
  const base = externalUrl("STRIPE_API_URL", env.STRIPE_API_URL || "https://api.stripe.com", env.STAGE);
  return new URL(path, base).href;
}

type Form = string | number | undefined | Form[] | { [key: string]: Form };

/** Stripe's form encoding: `line_items[0][price]=…`. What is undefined is left out. */
export function formOf(value: Form, name = "", form = new URLSearchParams()): URLSearchParams {
  if (typeof value === "object") {
    for (const [key, item] of Object.entries(value)) formOf(item, name ? `${name}[${key}]` : key, form);
  } else if (value !== undefined) {
    form.append(name, String(value));
  }
  return form;
}
