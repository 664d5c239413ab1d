// Everything that the routing Worker calls in the tests of the scheduled run: autopilots, the webhooks of alerts and
// heals, and Cloudflare's API. It answers as it was told for a host and path, else 200, and keeps what it was sent.
//
// Control, at world.example.net: PUT /answers sets what is answered (and forgets what was sent), GET /calls says what
// was sent and how many calls there were at most at once, PUT and GET /kv/<router>/<key> reach the routers'
// namespaces, POST /sql/<router> their databases.

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  /** So many bytes. */
  bytes?: number;
  delayMs?: number;
}

interface Call {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

type Env = Record<`copy of ${string}`, KVNamespace> & Record<`record of ${string}`, D1Database>;

let answers: Record<string, Answer> = {};
let calls: Call[] = [];
let going = 0;
let most = 0;

export default {
  async fetch(request, env): Promise<Response> {
    const { host, pathname } = new URL(request.url);
    if (host === "world.example.net") return control(request, env, pathname);
    const body = await request.text();
    calls.push({ method: request.method, url: request.url, headers: Object.fromEntries(request.headers), body });
    const { status = 200, headers = {}, json, text, bytes, delayMs = 0 } = answers[host + pathname] ?? {};
    const seen = calls;
    most = Math.max(most, ++going);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (seen === calls) going--; // else it was sent by a test that is over
    const plain = bytes === undefined ? text : "x".repeat(bytes);
    if (plain !== undefined) return new Response(plain, { status, headers });
    return Response.json(json ?? { status: "pass" }, { status, headers });
  },
} satisfies ExportedHandler<Env>;

async function control(request: Request, env: Env, pathname: string): Promise<Response> {
  const [, kind, router, key] = pathname.split("/");
  if (kind === "calls") return Response.json({ calls, most });
  if (kind === "answers") {
    answers = await request.json();
    calls = [];
    going = most = 0;
  } else if (kind === "sql") {
    await env[`record of ${router}`]!.prepare(await request.text()).run();
  } else if (request.method === "PUT") {
    await env[`copy of ${router}`]!.put(key!, await request.text());
  } else {
    return new Response(await env[`copy of ${router}`]!.get(key!));
  }
  return new Response(null, { status: 204 });
}
