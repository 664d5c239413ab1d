// What the router signs with: the secret of the autopilot that a task is for, made of the stack's.

import { keysOf, SignatureError, signFor } from "#worker-kit/signature.ts";
import type { Env } from "../env.ts";
import { notConfigured } from "../http/problem.ts";

const HINT =
  'Set it: `echo "whsec_$(openssl rand -base64 32)" | pulumi config set --secret webhookSecret`, then run `pulumi up`.';

/** The headers that sign `body`. Throws a problem (503) when no usable secret is bound: nothing goes out unsigned. */
export function signed(autopilot: string, env: Env, id: string, body: string): Promise<Record<string, string>> {
  return usable(signFor(autopilot, env.WEBHOOK_SECRET, id, Math.floor(Date.now() / 1000), body));
}

/** Throws a problem (503) when no usable secret is bound. */
export async function checkSecret(env: Env): Promise<void> {
  await usable(keysOf(env.WEBHOOK_SECRET));
}

async function usable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    const why = error.message === "is not bound" ? `${error.message}, so no task can be signed` : error.message;
    throw notConfigured("WEBHOOK_SECRET", why, HINT);
  }
}
