// A link that opens the admin page signed in, on the stack `local` alone: a caller asks for a code, and whoever brings the
// code gets the caller's token, once and within ten minutes. A URL may then hold the code, which is worth nothing after
// its use, and never the token. The database has the token under a key made of the code, and the code's hash: who reads
// the database learns neither.

import * as v from "valibot";
import { sha256 } from "#worker-kit/hash.ts";
import { Problem } from "#worker-kit/problem.ts";
import { object } from "#worker-kit/validation.ts";
import { database } from "../database.ts";
import type { Env } from "../env.ts";
import { presentedToken } from "./auth.ts";
import { readBody } from "./body.ts";
import type { Call } from "./call.ts";

const TTL_MS = 10 * 60_000;
const CODE_BYTES = 32;
const CODE = /^[0-9a-f]{64}$/;
const SIGN_IN = object(
  { code: v.custom<string>((value) => typeof value === "string" && CODE.test(value), "must be a sign-in code") },
  "is not a member of this request: it has code",
);
/** Each code is used once, so the key made of it encrypts one text, and needs no nonce of its own. */
const NONCE = { name: "AES-GCM", iv: new Uint8Array(12) };

/** POST: 201 `{code, expiresAt}`. Throws a problem (404) on any other stack. */
export async function makeSignInCode({ env, request }: Call): Promise<Response> {
  requireLocal(env);
  const code = hex(crypto.getRandomValues(new Uint8Array(CODE_BYTES)));
  const sealed = await crypto.subtle.encrypt(
    NONCE,
    await keyOf(code),
    new TextEncoder().encode(presentedToken(request)),
  );
  const now = Date.now();
  const db = await database(env);
  await db.batch([
    db.prepare("DELETE FROM sign_in_codes WHERE expires_at <= ?").bind(now),
    db
      .prepare("INSERT INTO sign_in_codes (id, sealed, expires_at) VALUES (?, ?, ?)")
      .bind(await sha256(code), hex(new Uint8Array(sealed)), now + TTL_MS),
  ]);
  return Response.json({ code, expiresAt: new Date(now + TTL_MS).toISOString() }, { status: 201 });
}

/** POST `{code}`: 200 `{token}`. Throws a problem (404) for a code that was used, is too old or never was. */
export async function signIn({ env, request }: Call): Promise<Response> {
  requireLocal(env);
  const { code } = await readBody(request, SIGN_IN);
  const db = await database(env);
  const sealed = await db
    .prepare("DELETE FROM sign_in_codes WHERE id = ? RETURNING CASE WHEN expires_at > ? THEN sealed END AS sealed")
    .bind(await sha256(code), Date.now())
    .first<string | null>("sealed");
  if (!sealed) {
    const detail = "The sign-in code was used already, is more than ten minutes old, or never was one.";
    throw new Problem({
      status: 404,
      title: "No such sign-in code",
      detail,
      members: { hint: "Run `make up` again." },
    });
  }
  const token = await crypto.subtle.decrypt(NONCE, await keyOf(code), bytesOf(sealed));
  return Response.json({ token: new TextDecoder().decode(token) });
}

function requireLocal({ STAGE }: Env): void {
  if (STAGE === "local") return;
  const detail = "Sign-in codes are of the stack `local` alone: sign in with a token.";
  throw new Problem({ status: 404, title: "Not found", detail });
}

async function keyOf(code: string): Promise<CryptoKey> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`sign-in:${code}`));
  return crypto.subtle.importKey("raw", digest, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
