// Standard Webhooks signatures (https://www.standardwebhooks.com) by WebCrypto: an HMAC over id, time and body. A stock
// library verifies what is signed here, and signs what is verified here; tests hold both against it.
//
// Each autopilot has a secret of its own, made of the stack's and its name: who can verify the tasks of one autopilot
// can forge none for another. orchestrator/dispatch/signature.py is the twin.

import { decodeBase64 } from "./base64.ts";

const TOLERANCE_S = 5 * 60;
/** `whsec_` and base64 with its padding, of as many bytes as Standard Webhooks has it. */
const SECRET = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;
const [LEAST_BYTES, MOST_BYTES] = [24, 64];
const ENCODER = new TextEncoder();

/** `signed` says which part of a call is wrong, in words that hold no secret; `secret` that no usable one is bound. */
export class SignatureError extends Error {
  constructor(
    readonly kind: "signed" | "secret",
    message: string,
  ) {
    super(message);
  }
}

// Importing a key costs more than a signature, and an isolate serves many requests with the same secrets. The names of
// registered autopilots come from outside, so there is an end to how many are kept.
const MAX_KEPT = 1_000;
const kept = new Map<string, Promise<readonly CryptoKey[]>>();

/** The three headers that sign `body` for `autopilot`, with each of the stack's secrets; `timestamp` in seconds. */
export async function signFor(
  autopilot: string,
  roots: string | undefined,
  id: string,
  timestamp: number,
  body: string,
): Promise<Record<string, string>> {
  const keys = await keysOf(roots, autopilot);
  const signed = ENCODER.encode(`${id}.${timestamp}.${body}`);
  const signatures: string[] = [];
  for (const key of keys) signatures.push(`v1,${toBase64(await crypto.subtle.sign("HMAC", key, signed))}`);
  return { "webhook-id": id, "webhook-timestamp": String(timestamp), "webhook-signature": signatures.join(" ") };
}

/** Throws SignatureError unless one of `secrets` (separated by spaces) signed this body, within five minutes of `now`
 * (milliseconds). */
export async function verify(secrets: string | undefined, headers: Headers, body: string, now: number): Promise<void> {
  const keys = await keysOf(secrets);
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) => headers.get(`webhook-${name}`));
  if (!id || !timestamp || !signatures) throw new SignatureError("signed", "Missing required headers");
  if (!/^\d{1,12}$/.test(timestamp)) throw new SignatureError("signed", "Invalid Signature Headers");
  const age = Math.floor(now / 1000) - Number(timestamp);
  if (Math.abs(age) > TOLERANCE_S)
    throw new SignatureError("signed", `Message timestamp too ${age > 0 ? "old" : "new"}`);
  const signed = ENCODER.encode(`${id}.${timestamp}.${body}`);
  for (const signature of signatures.split(" ")) {
    const bytes = signature.startsWith("v1,") ? fromBase64(signature.slice("v1,".length)) : undefined;
    for (const key of bytes ? keys : []) {
      if (await crypto.subtle.verify("HMAC", key, bytes!, signed)) return;
    }
  }
  throw new SignatureError("signed", "No matching signature found");
}

/** The HMAC keys of `secrets`, or those of one autopilot that follow from them. Throws SignatureError. */
export async function keysOf(secrets: string | undefined, autopilot?: string): Promise<readonly CryptoKey[]> {
  const name = `${autopilot ?? ""}\0${secrets ?? ""}`;
  let keys = kept.get(name);
  if (keys === undefined) {
    if (kept.size >= MAX_KEPT) kept.clear();
    keys = importAll(secrets ?? "", autopilot);
    kept.set(name, keys);
    keys.catch(() => kept.delete(name));
  }
  return keys;
}

async function importAll(secrets: string, autopilot: string | undefined): Promise<readonly CryptoKey[]> {
  const each = secrets.split(" ").filter((secret) => secret !== "");
  if (each.length === 0) throw new SignatureError("secret", "is not bound");
  return Promise.all(each.map(async (secret) => importKey(await derive(bytesOf(secret), autopilot))));
}

/** HKDF-SHA-256 (RFC 5869) without salt, the autopilot's name as info, 32 bytes. */
async function derive(root: Uint8Array<ArrayBuffer>, autopilot: string | undefined): Promise<BufferSource> {
  if (autopilot === undefined) return root;
  const key = await crypto.subtle.importKey("raw", root, "HKDF", false, ["deriveBits"]);
  const info = ENCODER.encode(autopilot);
  return crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info }, key, 256);
}

function importKey(bytes: BufferSource): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

function bytesOf(secret: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64(SECRET.exec(secret)?.[1] ?? "");
  if (bytes.byteLength < LEAST_BYTES || bytes.byteLength > MOST_BYTES) {
    const rule = `whsec_ and the base64 of ${LEAST_BYTES} to ${MOST_BYTES} bytes`;
    throw new SignatureError("secret", `is not a Standard Webhooks secret (${rule})`);
  }
  return bytes;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return decodeBase64(text);
  } catch {
    return undefined;
  }
}

function toBase64(signature: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(signature)));
}
