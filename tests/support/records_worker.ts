// The other side of a router's records, for tests: POST /sql {sql, values} runs a statement on its D1 database, POST
// /prune does what the scheduled run does with old runs.
import { pruneRuns } from "../../router/src/once/runs.ts";

export default {
  async fetch(request, env): Promise<Response> {
    if (new URL(request.url).pathname === "/prune") return Response.json({ pruned: await pruneRuns(env) });
    const { sql, values = [] } = await request.json<{ sql: string; values?: unknown[] }>();
    return Response.json(
      (
        await env.DB.prepare(sql)
          .bind(...values)
          .all()
      ).results,
    );
  },
} satisfies ExportedHandler<{ DB: D1Database }>;
