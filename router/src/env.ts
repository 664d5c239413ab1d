// What Cloudflare binds to the routing Worker; declared by orchestrator/desired/derive.py.

export interface Env {
  /** The callers' bearer tokens, separated by spaces, each with or without `<caller>:` in front. */
  readonly API_TOKEN?: string;
  /** The tokens of the callers that autopilots.yaml declares: JSON, one text or two with a space between, by name. */
  readonly CALLER_TOKENS?: string;
  /** The Standard Webhooks secret `whsec_…`, or two of them separated by a space while one is being replaced. */
  readonly WEBHOOK_SECRET?: string;
  /** The stack's name; `local` allows plain HTTP to loopback. */
  readonly STAGE?: string;
  readonly BUILD_ID?: string;
  /** Where this Worker answers. */
  readonly PUBLIC_URL?: string;
  /** The orchestrator's own records. */
  readonly DB?: D1Database;
  /** Of tasks that are done later, and of those that failed for good; bound where the file has any. */
  readonly TASK_QUEUE?: Queue;
  readonly DEAD_LETTER_QUEUE?: Queue;
  /** For diagnosis; may be read-only. */
  readonly CLOUDFLARE_API_TOKEN?: string;
  /** May read the account's analytics. */
  readonly CLOUDFLARE_ANALYTICS_TOKEN?: string;
  readonly CLOUDFLARE_ACCOUNT_ID?: string;
  /** Where Cloudflare's API is not the public one. */
  readonly CLOUDFLARE_API_URL?: string;
  /** What stands before every name in the account. */
  readonly NAME_PREFIX?: string;
  /** Where a heal is asked for: JSON, see health/heal-request.ts. */
  readonly HEAL?: string;
  /** Takes Slack's JSON; whoever knows it can post there. */
  readonly ALERT_URL?: string;
  /** Of the channels of alerts: JSON, a URL by channel. */
  readonly ALERT_URLS?: string;
  /** How long the journal is kept. */
  readonly JOURNAL_DAYS?: string;
  /** Its own static assets. */
  readonly ASSETS?: Fetcher;
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
