// A ticket opens one file, by its id, for one method for a quarter of an hour: what it allows is signed with the Worker's
// own secret. It goes in a header, since addresses are logged.
import { Problem } from "#worker-kit/problem.ts";

export interface Ticket {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly authorization: string };
  /** ISO 8601. */
  readonly expiresAt: string;
}

const VALID_MS = 15 * 60 * 1000;

export async function ticketFor(
  secrets: string,
  url: string,
  method: string,
  id: string,
  size: number,
): Promise<Ticket> {
  const expires = Date.now() + VALID_MS;
  const signature = new Uint8Array(await sign(newest(secrets), method, id, size, expires)).toHex();
  const authorization = `Bearer ${expires}.${size}.${signature}`;
  return { method, url, headers: { authorization }, expiresAt: new Date(expires).toISOString() };
}

/** Throws a problem (401) for a request without a ticket for it. */
export async function requireTicket(
  secrets: string,
  request: Request,
  method: string,
  id: string,
): Promise<{ size: number }> {
  const said = /^Bearer (\d{13})\.(\d{1,9})\.([0-9a-f]{64})$/.exec(request.headers.get("authorization") ?? "");
  const [expires, size] = [Number(said?.[1]), Number(said?.[2])];
  if (said && expires > Date.now()) {
    const signature = Uint8Array.fromHex(said[3]!);
    for (const secret of secrets.split(" ")) {
      const right = await sign(secret, method, id, size, expires);
      if (crypto.subtle.timingSafeEqual(signature, right)) return { size };
    }
  }
  const detail =
    "Send the header `authorization` of the ticket, in the time that it says; the same task gives a new one.";
  throw new Problem({ status: 401, title: "No ticket", detail, headers: { "www-authenticate": "Bearer" } });
}

/** While secrets are rotated there are two. */
function newest(secrets: string): string {
  return secrets.split(" ").at(-1)!;
}

async function sign(secret: string, method: string, id: string, size: number, expires: number): Promise<ArrayBuffer> {
  const bytes = new TextEncoder().encode(`file ticket\n${secret}`);
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${method}\n${id}\n${size}\n${expires}`));
}
