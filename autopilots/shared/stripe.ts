// What calls of Stripe have in common: where it is, the pinned version, its form encoding, and what an answer says of
// what was done.
import { isObject } from "#worker-kit/validation.ts";
import { externalUrl } from "./external.ts";
import { type Setting, unset } from "./settings.ts";

export interface StripeEnv {
  STAGE: string;
  /** Stripe's secret key; or, as on the stack `local`, `http://<key>@<host>/<path>`: a key and another base. */
  STRIPE_API_KEY?: string;
  /** Another base than Stripe's own. */
  STRIPE_API_URL?: string;
}

/** What a capability that asks Stripe still misses. */
export function stripeSettings(env: StripeEnv): readonly Setting[] {
  return unset(env, [{ name: "STRIPE_API_KEY" }]);
}

/** So that Stripe's answers stay as they are when the account's default version is changed. */
const STRIPE_VERSION = "2025-09-30.clover";

export interface StripeCall {
  /** `/v1/…`, with a query where it is a GET. */
  readonly path: string;
  readonly timeoutMs: number;
  /** Of a POST; without it the call is a GET. */
  readonly form?: Form;
  readonly idempotencyKey?: string;
}

/** `status` 0: nobody answered in time, or in a way that is none. */
export interface StripeAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Stripe's own words of its error: type, code, message. */
  readonly error: Readonly<{ type?: unknown; code?: unknown; message?: unknown }>;
  /** It is what Stripe kept under the key, and keeps. */
  readonly isReplayed: boolean;
  /** Milliseconds until it makes sense to try again; null where Stripe does not say. */
  readonly retryAfterMs: number | null;
}

/** Never throws but for a base that is not allowed (a problem, 503). */
export async function callStripe(env: StripeEnv, call: StripeCall): Promise<StripeAnswer> {
  const { path, form, idempotencyKey, timeoutMs } = call;
  const { base, key } = stripeAccount(env);
  const headers: Record<string, string> = {
    authorization: `Bearer ${key}`,
    "stripe-version": STRIPE_VERSION,
    ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
  };
  try {
    const response = await fetch(base + path, {
      method: form === undefined ? "GET" : "POST",
      headers,
      body: form === undefined ? null : formOf(form),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body: unknown = await response.json();
    if (!isObject(body)) return NO_ANSWER;
    const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
    return {
      status: response.status,
      body,
      error: isObject(body.error) ? body.error : {},
      isReplayed: response.headers.get("idempotent-replayed") === "true",
      retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
    };
  } catch {
    return NO_ANSWER;
  }
}

const NO_ANSWER: StripeAnswer = { status: 0, body: {}, error: {}, isReplayed: false, retryAfterMs: null };

/** What Stripe said, as the end of a sentence; nothing of our key, which such a message may quote. */
export function saidBy({ status, error }: StripeAnswer): string {
  if (status === 0) return "did not answer";
  if (isKeyRefused(status)) return `answered ${status}: it does not accept the key`;
  const message = typeof error.message === "string" ? `: ${error.message.slice(0, 500).replace(/\.$/, "")}` : "";
  return `answered ${status}${message}`;
}

export function isKeyRefused(status: number): boolean {
  return status === 401 || status === 403;
}

interface Account {
  readonly base: string;
  readonly key: string;
}

/** By the isolate's environment, which does not change: addresses are not read anew for each of many calls. */
const accounts = new WeakMap<StripeEnv, Account>();

/** Where Stripe is, without a slash at its end, and the key. Throws a problem (503) for a base that is not allowed. */
export function stripeAccount(env: StripeEnv): Account {
  const before = accounts.get(env);
  if (before) return before;
  const { STRIPE_API_KEY: given = "", STRIPE_API_URL: other, STAGE } = env;
  const url = /^https?:\/\//.test(given) ? URL.parse(given) : null;
  const base = other || (url ? url.origin + url.pathname : "https://api.stripe.com");
  const key = url ? decodeURIComponent(url.username) : given;
  const account = { base: externalUrl("STRIPE_API_URL", base, STAGE).replace(/\/$/, ""), key };
  accounts.set(env, account);
  return account;
}

export type Form = string | number | null | undefined | readonly Form[] | { readonly [key: string]: Form };

/** Stripe's form encoding: `line_items[0][price]=…`. What is undefined or null is left out. */
function formOf(value: Form, name = "", form = new URLSearchParams()): URLSearchParams {
  if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) formOf(item as Form, name ? `${name}[${key}]` : key, form);
  } else if (value !== undefined && value !== null) {
    form.append(name, String(value));
  }
  return form;
}
