// What somebody would write in ten lines who needs none of what the router does: the measure of its cost.
const AUTOPILOTS: Readonly<Record<string, string>> = { work: "AUTOPILOT" };

export default {
  async fetch(request, env): Promise<Response> {
    const { task, meta } = (await request.json()) as { task: string; meta: unknown };
    const autopilot = env[AUTOPILOTS[task] ?? ""];
    if (!autopilot) return new Response("no such task", { status: 404 });
    const headers = { "content-type": "application/json" };
    return autopilot.fetch("https://autopilot/", { method: "POST", headers, body: JSON.stringify({ task, meta }) });
  },
} satisfies ExportedHandler<Record<string, Fetcher>>;
