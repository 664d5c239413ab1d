// Stripe's signature of a webhook (docs.stripe.com/webhooks/signature): `t=<seconds>,v1=<hex>,v1=<hex>…`, an HMAC-SHA-256
// of the time, a dot and the body. The rules are those of Stripe's own libraries: any of several `v1` will do, other
// schemes are passed over, and what is older than five minutes is refused, so that it cannot be replayed later.

const TOLERANCE_S = 300;
const ENCODER = new TextEncoder();

/** Null where one of `secrets` (with spaces between) signed `body`; else what is wrong, in words that hold no secret. */
export async function signatureMistake(
  secrets: string,
  header: string | null,
  body: string,
  now: number,
): Promise<string | null> {
  if (!header) return "the header Stripe-Signature is missing";
  const parts = header.split(",").map((part) => part.trim().split("=", 2) as [string, string?]);
  const timestamp = parts.find(([name]) => name === "t")?.[1] ?? "";
  const signatures = parts.flatMap(([name, value]) => (name === "v1" && value ? [fromHex(value)] : []));
  if (!/^\d{1,12}$/.test(timestamp)) return "the header Stripe-Signature has no time";
  if (signatures.length === 0) return "the header Stripe-Signature has no signature v1";
  const signed = ENCODER.encode(`${timestamp}.${body}`);
  const isRight = await anyOf(
    secrets.split(" ").filter((secret) => secret !== ""),
    async (secret) => {
      const key = await crypto.subtle.importKey(
        "raw",
        ENCODER.encode(secret),
        { name: "HMAC", hash: "SHA-256" },
        false,
        ["verify"],
      );
      return anyOf(signatures, async (each) => each !== null && crypto.subtle.verify("HMAC", key, each, signed));
    },
  );
  if (!isRight) return "no signature matches the body";
  return Math.floor(now / 1000) - Number(timestamp) > TOLERANCE_S ? "it was signed more than five minutes ago" : null;
}

async function anyOf<T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<boolean> {
  for (const item of items) if (await test(item)) return true;
  return false;
}

function fromHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^(?:[0-9a-f]{2})+$/i.test(text)) return null;
  return Uint8Array.from(text.match(/../g)!, (byte) => Number.parseInt(byte, 16));
}
