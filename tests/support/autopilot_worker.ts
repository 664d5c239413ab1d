// An autopilot for the tests: it answers what it was sent and whether the stock Standard Webhooks library takes the
// signature, or misbehaves as `meta.do` says: always, or the first
// `meta.times` times that it sees `meta.key`. POST /?release=KEY lets go the next part of what is held under that key;
// GET /?state=KEY answers how often it was called, and how its answer ended: it was sent whole, or nobody took it.
import { Webhook } from "standardwebhooks";

interface Meta {
  do?: string;
  status?: number;
  bytes?: number;
  text?: string;
  key?: string;
  times?: number;
  retryAfter?: string;
  parts?: string[];
  type?: string;
  then?: Ending;
}

type Ending = "close" | "stall" | "cut";

/** How often each `key` was seen. */
const seen = new Map<string, number>();
/** How many parts of the answer under a `key` may go, and how it ended. */
const released = new Map<string, number>();
const ended = new Map<string, string>();
const POLL_MS = 10;

const BEHAVIOURS: Readonly<Record<string, (meta: Meta) => Response | Promise<Response>>> = {
  redirect: ({ status }) => new Response("moved", { status: status!, headers: { location: "https://evil.example/" } }),
  problem: ({ status }) =>
    Response.json(
      { type: "about:blank", title: "Out of paper", status: status!, mine: true },
      { status: status!, headers: { "content-type": "application/problem+json" } },
    ),
  page: () => new Response("<h1>Grüße</h1>", { headers: { "content-type": "text/html", "set-cookie": "a=b" } }),
  empty: ({ status }) => new Response(null, { status: status! }),
  plain: ({ status, text }) => new Response(text!, { status: status! }),
  bytes: ({ bytes, type }) => new Response(stream(bytes!), type ? { headers: { "content-type": type } } : {}),
  never: () => new Promise(() => setTimeout(() => undefined, 60_000)),
  stall: () => new Response(stream(1, "stall")),
  cut: () => new Response(stream(1, "cut")),
  parts: ({ status, parts, key, type, then }) =>
    new Response(held(parts!, key!, then ?? "close"), {
      status: status ?? 200,
      headers: { "content-type": type ?? "text/event-stream", "retry-after": "7" },
    }),
  busy: ({ status, retryAfter }) =>
    new Response("busy", { status: status!, headers: retryAfter ? { "retry-after": retryAfter } : {} }),
  throw: () => {
    throw new Error("the password is hunter2");
  },
};

/** The `parts`, the first at once and each of the others when it is released, and then its end. */
function held(parts: readonly string[], key: string, then: Ending): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      while (sent < parts.length && sent > (released.get(key) ?? 0))
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      if (sent < parts.length) controller.enqueue(encoder.encode(parts[sent++]));
      else if (then === "cut") {
        while (sent > (released.get(key) ?? 0)) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        controller.error(new Error("the password is hunter2"));
      } else if (then === "close") {
        ended.set(key, "whole");
        controller.close();
      } else await new Promise(() => setTimeout(() => undefined, 60_000));
    },
    cancel() {
      ended.set(key, "cancelled");
    },
  });
}

/** `length` bytes in chunks, and then the end, nothing, or an error. */
function stream(length: number, then: Ending = "close"): ReadableStream<Uint8Array> {
  let left = length;
  return new ReadableStream({
    pull(controller) {
      if (left > 0) {
        const size = Math.min(left, 65536);
        left -= size;
        controller.enqueue(new Uint8Array(size).fill(0x61));
      } else if (then === "close") {
        controller.close();
      } else if (then === "cut") {
        controller.error(new Error("the password is hunter2"));
      } else {
        return new Promise(() => setTimeout(() => undefined, 60_000));
      }
      return undefined;
    },
  });
}

export default {
  async fetch(request, env): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const key = searchParams.get("release");
    if (key) released.set(key, (released.get(key) ?? 0) + 1);
    const asked = searchParams.get("state");
    if (asked) return Response.json({ calls: seen.get(asked) ?? 0, ended: ended.get(asked) ?? null });
    if (key) return new Response();
    const body = await request.text();
    const { meta, autopilot } = JSON.parse(body) as { meta: Meta; autopilot: string };
    const calls = (seen.get(meta.key ?? "") ?? 0) + 1;
    if (meta.key) seen.set(meta.key, calls);
    if (meta.do && calls <= (meta.times ?? Infinity)) return BEHAVIOURS[meta.do]!(meta);
    const headers = Object.fromEntries(request.headers);
    const verified = ((JSON.parse(env.SECRETS)[autopilot] ?? []) as string[]).map((secret) => {
      try {
        new Webhook(secret).verify(body, headers);
        return true;
      } catch {
        return false;
      }
    });
    return Response.json({ url: request.url, method: request.method, headers, body, verified, calls });
  },
} satisfies ExportedHandler<{ SECRETS: string }>;
