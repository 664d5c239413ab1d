// The routing Worker, and beside it what it costs: GET /_counts answers what this isolate has used of D1, KV and subrequests
// since it was last asked, and how many subrequests the largest scheduled run made. D1's rows are those that D1 tells.

import type { Env } from "../../router/src/env.ts";
import router from "../../router/src/index.ts";

const none = () => ({ rowsRead: 0, rowsWritten: 0, kvReads: 0, kvWrites: 0, subrequests: 0 });
let used = none();
let largestRun = 0;

function countedStatement(statement: D1PreparedStatement): D1PreparedStatement {
  return new Proxy(statement, {
    get(target, name) {
      if (name === "bind") return (...values: unknown[]) => countedStatement(target.bind(...values));
      if (name === "inner") return target;
      if (name === "first") {
        return async (column?: string) => {
          const [row] = told(await target.all<Record<string, unknown>>()).results;
          return row === undefined ? null : column === undefined ? row : row[column];
        };
      }
      if (name === "all" || name === "run") return async () => told(await target.all());
      throw new Error(`${String(name)} is not counted`);
    },
  });
}

function told<T>(result: D1Result<T>): D1Result<T> {
  used.rowsRead += result.meta.rows_read;
  used.rowsWritten += result.meta.rows_written;
  return result;
}

const countedDatabase = (db: D1Database, call: () => void) => ({
  prepare: (sql: string) => {
    call();
    return countedStatement(db.prepare(sql));
  },
  batch: async (statements: { inner: D1PreparedStatement }[]) =>
    (await db.batch(statements.map(({ inner }) => inner))).map(told),
});

function counted(env: Env): { env: Env; subrequests: () => number } {
  let subrequests = 0;
  const call = () => {
    subrequests++;
    used.subrequests++;
  };
  const fetching = (target: object) => ({
    fetch: (...given: [Request]) => {
      call();
      return (target as Fetcher).fetch(...given);
    },
  });
  const { REGISTRY: kv, DB: db } = env as { REGISTRY: KVNamespace; DB: D1Database };
  const namespace = {
    get: (...given: [string]) => {
      call();
      used.kvReads++;
      return kv.get(...given);
    },
    put: (...given: [string, string]) => {
      call();
      used.kvWrites++;
      return kv.put(...given);
    },
  };
  const services = Object.entries(env).filter(([name, bound]) => name.startsWith("AUTOPILOT") && bound !== undefined);
  const bound = Object.fromEntries(services.map(([name, service]) => [name, fetching(service as object)]));
  const watched = { ...env, ...bound, DB: countedDatabase(db, call), REGISTRY: namespace } as unknown as Env;
  return { env: watched, subrequests: () => subrequests };
}

export default {
  async fetch(request, env, context): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/_counts") {
      const counts = { ...used, largestRun };
      used = none();
      return Response.json(counts);
    }
    const watched = counted(env);
    const answer = await router.fetch(request, watched.env, context);
    if (pathname === "/__scheduled") largestRun = Math.max(largestRun, watched.subrequests());
    return answer;
  },
} satisfies ExportedHandler<Env>;
