// Standard Webhooks signatures (https://www.standardwebhooks.com), so that an autopilot can refuse a forged call with a
// stock library. The twin of orchestrator/dispatch/signature.py.

import { notConfigured } from "../http/problem.ts";

const HINT =
  'Set it: `echo "whsec_$(openssl rand -base64 32)" | pulumi config set --secret webhookSecret`, then run `pulumi up`.';

// Importing a key costs more than a signature; an isolate serves many requests with the same secrets.
const imported = new Map<string, CryptoKey[]>();

/**
 * The three headers that sign `body`: with each of the secrets (two during rotation), separated by a space.
 * `timestamp` is in seconds. Throws a problem (503) when `secrets` is absent or no Standard Webhooks secret.
 */
export async function signatureHeaders(
  secrets: string | undefined,
  id: string,
  timestamp: number,
  body: string,
): Promise<Record<string, string>> {
  const keys = await keysOf(secrets);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signatures = await Promise.all(
    keys.map(async (key) => `v1,${toBase64(await crypto.subtle.sign("HMAC", key, signed))}`),
  );
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatures.join(" "),
  };
}

/** Imports the secrets; throws a problem like `signatureHeaders`. */
export async function keysOf(secrets: string | undefined): Promise<CryptoKey[]> {
  const each = (secrets ?? "").split(" ").filter((secret) => secret !== "");
  if (each.length === 0) {
    throw notConfigured("WEBHOOK_SECRET", "is not bound, so no task can be signed", HINT);
  }
  const keys = imported.get(secrets!) ?? (await Promise.all(each.map(importKey)));
  imported.set(secrets!, keys);
  return keys;
}

async function importKey(secret: string): Promise<CryptoKey> {
  let raw: Uint8Array<ArrayBuffer>;
  try {
    if (!secret.startsWith("whsec_")) throw new Error("no prefix");
    raw = Uint8Array.from(atob(secret.slice("whsec_".length)), (character) => character.charCodeAt(0));
    if (raw.byteLength === 0) throw new Error("empty");
  } catch {
    throw notConfigured("WEBHOOK_SECRET", "is not a Standard Webhooks secret `whsec_<base64>`", HINT);
  }
  return crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

function toBase64(signature: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(signature)));
}
