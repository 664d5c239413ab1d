// An autopilot for the benchmarks: it counts how often each key has arrived, waits `meta.ms`, and answers. With FAILS_FOR_MS
// it fails for so long, then works for so long, and so on. GET answers the counts.
interface Task {
  readonly task: string;
  readonly meta: { readonly ms?: number; readonly key?: string };
}

const calls = new Map<string, number>();

export default {
  async fetch(request, env): Promise<Response> {
    if (request.method === "GET") return Response.json(Object.fromEntries(calls));
    const { task, meta } = (await request.json()) as Task;
    if (meta.key) calls.set(meta.key, (calls.get(meta.key) ?? 0) + 1);
    if (meta.ms) await new Promise((resolve) => setTimeout(resolve, meta.ms));
    const period = Number(env.FAILS_FOR_MS ?? 0);
    if (period > 0 && Math.floor(Date.now() / period) % 2 === 1) throw new Error("out of order");
    return Response.json({ done: task });
  },
} satisfies ExportedHandler<{ readonly FAILS_FOR_MS?: string }>;
