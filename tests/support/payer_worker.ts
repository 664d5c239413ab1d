// An autopilot that moves money, for tests: it remembers each call by the idempotency key of its signed body ("" where
// it has none) and answers as `meta` says. GET /calls?key=… answers the calls with that key; POST /release lets go those
// that are held.
import { Webhook } from "standardwebhooks";

interface Meta {
  /** `throw`, `never`, `hold` until it is released, `stream` a part and the rest when it is released, or else answer. */
  do?: string;
  status?: number;
  type?: string;
  text?: string;
  /** In place of all else, what is answered to the first call, the second, …; the last one again to all after it. */
  answers?: { status: number; json: unknown }[];
  /** Of random bytes, in place of `text`. */
  bytes?: number;
  headers?: Record<string, string>;
  /** So many calls are answered with `status`; those that follow, 201. */
  times?: number;
}

interface Seen {
  headers: Record<string, string>;
  body: string;
  isVerified: boolean;
}

const POLL_MS = 10;
const seen = new Map<string, Seen[]>();
const released = new Set<string>();

export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    const key = url.searchParams.get("key") ?? "";
    if (url.pathname === "/health") return Response.json({ status: "pass" });
    if (url.pathname === "/calls") return Response.json(seen.get(key) ?? []);
    if (url.pathname === "/release") {
      released.add(key);
      return new Response();
    }
    if (url.pathname === "/hook") {
      const call = { headers: Object.fromEntries(request.headers), body: await request.text(), isVerified: false };
      seen.set(key, [...(seen.get(key) ?? []), call]);
      const status = Number(url.searchParams.get("status") ?? 204);
      const isRecovered = seen.get(key)!.length > Number(url.searchParams.get("times") ?? Number.POSITIVE_INFINITY);
      return new Response(null, {
        status: isRecovered ? 204 : status,
        headers: { location: "https://hooks.example.com/" },
      });
    }
    return perform(await request.text(), Object.fromEntries(request.headers), env.SECRET);
  },
} satisfies ExportedHandler<{ SECRET: string }>;

async function perform(body: string, headers: Record<string, string>, secret: string): Promise<Response> {
  const { meta, run = { key: "" } } = JSON.parse(body) as { meta: Meta; run?: { key: string } };
  const calls = [...(seen.get(run.key) ?? []), { headers, body, isVerified: isVerified(body, headers, secret) }];
  seen.set(run.key, calls);
  if (meta.answers) {
    const { status, json } = meta.answers[Math.min(calls.length, meta.answers.length) - 1]!;
    const type = status < 400 ? "application/json" : "application/problem+json";
    return new Response(JSON.stringify(json), { status, headers: { "content-type": type } });
  }
  if (meta.do === "throw") throw new Error("the password is hunter2");
  if (meta.do === "never") return new Promise(() => setTimeout(() => undefined, 60_000));
  if (meta.do === "hold") await release(run.key);
  if (meta.do === "stream") return streamed(run.key);
  const content = meta.bytes ? new Uint8Array(meta.bytes).fill(0xff) : (meta.text ?? `paid, call ${calls.length}`);
  const { type = "text/plain" } = meta;
  const status = meta.times !== undefined && calls.length > meta.times ? 201 : (meta.status ?? 201);
  return new Response(content, { status, headers: { "content-type": type, ...meta.headers } });
}

async function release(key: string): Promise<void> {
  while (!released.has(key)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

function streamed(key: string): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const say = (what: string) => writer.write(new TextEncoder().encode(`data: ${what}\n\n`));
  const tell = async () => {
    await say("asked");
    await release(key);
    await say("paid");
    await writer.close();
  };
  void tell();
  return new Response(readable, { headers: { "content-type": "text/event-stream" } });
}

function isVerified(body: string, headers: Record<string, string>, secret: string): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
