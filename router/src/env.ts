// What Cloudflare binds to the routing Worker; declared by orchestrator/desired.py.

export interface Env {
  /** The callers' bearer tokens, separated by spaces, each with or without `<caller>:` in front. */
  readonly API_TOKEN?: string;
  /** The Standard Webhooks secret `whsec_…`, or two of them separated by a space while one is being replaced. */
  readonly WEBHOOK_SECRET?: string;
  /** The stack's name; `local` allows plain HTTP to loopback. */
  readonly STAGE?: string;
  readonly BUILD_ID?: string;
  /** The orchestrator's own records. */
  readonly DB?: D1Database;
  /** Copies for reading. */
  readonly REGISTRY?: KVNamespace;
  /** Service bindings of the autopilots' Workers, among others. */
  readonly [binding: string]: unknown;
}

/** The service binding of that name, if it is one. */
export function serviceBinding(env: Env, name: string): Fetcher | undefined {
  const bound = env[name] as Fetcher | undefined;
  return typeof bound?.fetch === "function" ? bound : undefined;
}
