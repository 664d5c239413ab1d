// Delivers messages to a router as Cloudflare's queue does, for tests: POST /deliver/<router> {messages: [{id?, body,
// attempts?}]} answers what workerd says of the batch; GET /sent answers what the routers have sent, oldest first.
interface Given {
  id?: string;
  body: unknown;
  attempts?: number;
}

interface Taker {
  queue(name: string, messages: unknown[]): Promise<unknown>;
}

export default {
  async fetch(request, env): Promise<Response> {
    const [, action, name] = new URL(request.url).pathname.split("/");
    if (action !== "deliver") return new Response(null, { status: 404 });
    const { messages } = await request.json<{ messages: Given[] }>();
    const batch = messages.map(({ id, body, attempts = 1 }, index) => ({
      id: id ?? `message-${index}`,
      timestamp: new Date(),
      attempts,
      body,
    }));
    return Response.json(await env[`router:${name}`]!.queue("efh-tasks", batch));
  },
} satisfies ExportedHandler<Record<string, Taker>>;
