// POST /stripe/webhook: Stripe says that a customer has paid, and the customer is enrolled. Stripe repeats an event until
// it is answered 2xx, and may send several of one session, so the session's id is what is done once.

import * as v from "valibot";
import { sha256 } from "#worker-kit/hash.ts";
import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import { readCapped } from "#worker-kit/stream.ts";
import { isObject } from "#worker-kit/validation.ts";
import { notConfigured } from "../../shared/problem.ts";
import { signatureMistake } from "../../shared/stripe-signature.ts";
import { enrol } from "./crm/enrolments.ts";
import { NEW_ENROLMENT } from "./crm/meta.ts";
import type { Env } from "./env.ts";

const MAX_BYTES = 256 * 1024;
/** What ends in a paid session: at once, or later where the bank takes days. */
const PAID = new Set(["checkout.session.completed", "checkout.session.async_payment_succeeded"]);

export function isWebhook({ method }: Request, { pathname }: URL): boolean {
  return method === "POST" && pathname === "/stripe/webhook";
}

/** 200 with what came of it. Throws a problem: 400 for what Stripe did not sign, so that nothing is done. */
export async function receiveStripe(request: Request, env: Env): Promise<Response> {
  if (!env.STRIPE_WEBHOOK_SECRET) {
    throw notConfigured(["STRIPE_WEBHOOK_SECRET"], "it is shown where the endpoint is set up at Stripe.");
  }
  const bytes = await readCapped(request.body, MAX_BYTES);
  if (bytes === null) throw new Problem({ status: 413, title: "Content too large", detail: "No event is so large." });
  const body = new TextDecoder().decode(bytes);
  const header = request.headers.get("stripe-signature");
  const mistake = await signatureMistake(env.STRIPE_WEBHOOK_SECRET, header, body, Date.now());
  if (mistake !== null) {
    throw new Problem({ status: 400, title: "Signature refused", detail: `Nothing was done: ${mistake}.` });
  }
  const event: unknown = JSON.parse(body);
  const result = await handle(event, env);
  if (result.reason) log("a paid session enrolled nobody", idOf(event), result.reason);
  return Response.json(result);
}

interface Result {
  readonly enrolled: boolean;
  /** Why nobody was, where somebody may have expected it. */
  readonly reason?: string;
}

async function handle(event: unknown, env: Env): Promise<Result> {
  if (!isObject(event) || !PAID.has(String(event.type)) || !isObject(event.data)) return { enrolled: false };
  const session = event.data.object;
  if (!isObject(session) || typeof session.id !== "string") return { enrolled: false };
  if (session.payment_status === "unpaid") return { enrolled: false }; // another event will say that it is paid
  const { metadata, customer_details: customer } = session;
  const course = isObject(metadata) ? metadata.course : undefined;
  if (course === undefined) return { enrolled: false }; // it sold something else
  const details = isObject(customer) ? customer : {};
  const name = typeof details.name === "string" && details.name !== "" ? { name: details.name } : {};
  const wish = v.safeParse(NEW_ENROLMENT, {
    student: { email: details.email ?? session.customer_email, ...name },
    course,
  });
  if (!wish.success) return { enrolled: false, reason: wish.issues.map(({ message }) => message).join("; ") };
  try {
    await enrol(env, wish.output, await sha256(`stripe ${session.id}`));
    return { enrolled: true };
  } catch (error) {
    // It was done before, with what the session had then; or it was deleted since, and stays so.
    if (error instanceof Problem && (error.status === 422 || error.status === 404)) return { enrolled: true };
    throw error;
  }
}

function idOf(event: unknown): string {
  return isObject(event) && typeof event.id === "string" ? event.id : "stripe";
}
