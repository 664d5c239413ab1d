// The claim of a payout: an object in R2 that exists before money moves. R2 is strongly consistent and writes only if
// the object is still as it was read (its ETag), so of two calls only one can take a claim.
import type { Transfer } from "./transfers.ts";

/** `not-done`: nothing was transferred, for certain. */
export interface Claim {
  status: "running" | "done" | "not-done" | "unknown";
  fingerprint: string;
  /** The orchestrator's, by whose word a claim is taken up again. */
  attempt: number;
  /** Milliseconds since 1970: when the lease ends. */
  expiresAt: number;
  transfers: Transfer[];
  /** What was answered, once it is done. */
  answer?: { status: number; body: string };
}

/** A claim as it is stored. */
export interface Stored {
  claim: Claim;
  etag: string;
}

const keyOf = (name: string) => `payouts/${name}.json`;

export async function readClaim(bucket: R2Bucket, name: string): Promise<Stored | null> {
  const object = await bucket.get(keyOf(name));
  return object ? { claim: await object.json<Claim>(), etag: object.httpEtag } : null;
}

/** Writes `claim` in the place of `before`, or where nothing was; null when another call was faster. */
export async function writeClaim(
  bucket: R2Bucket,
  name: string,
  claim: Claim,
  before: Stored | null,
): Promise<Stored | null> {
  const onlyIf = new Headers(before ? { "if-match": before.etag } : { "if-none-match": "*" });
  const httpMetadata = { contentType: "application/json" };
  const written = await bucket.put(keyOf(name), JSON.stringify(claim), { onlyIf, httpMetadata });
  return written ? { claim, etag: written.httpEtag } : null;
}
