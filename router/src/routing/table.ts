// The routing table's shape: compiled from autopilots.yaml by orchestrator/routing/table.py, bundled as `routing-table`.

export interface Route {
  readonly name: string;
  readonly capabilities: readonly string[];
  /** Higher first. */
  readonly priority: number;
  /** 1 to 100: its share among those of the same priority. */
  readonly weight: number;
  readonly endpoint: string | null;
  /** The Worker behind `binding`, by its name in the manifest. */
  readonly worker: string | null;
  /** The service binding's name in the environment; it is preferred to `endpoint`. */
  readonly binding: string | null;
  /** Without these it cannot work. */
  readonly needs: Resources;
}

export interface TaskRule {
  readonly capability: string;
  readonly description: string;
  /** Never twice for one key. */
  readonly once: boolean;
  /** May be sent again when it is not known what became of it. */
  readonly idempotent: boolean;
  /** Its answer is passed on as it comes. */
  readonly stream: boolean;
  readonly timeoutMs: number;
  /** It is never waited for; absent where it is, unless its caller prefers otherwise. */
  readonly async?: AsyncRule;
}

export interface AsyncRule {
  readonly retries: number;
  /** Before the first retry; doubled before each further one. */
  readonly backoffMs: number;
  /** Of its autopilot's runs; null for any number. */
  readonly maxConcurrency: number | null;
  readonly callback: string | null;
}

/** A task that the platform itself asks for: `every` is a cron expression. */
interface ScheduleRule {
  readonly task: string;
  readonly every: string;
  readonly timezone: string;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** What people are told of: `metric` above `above` (per cent, milliseconds, a count), as `when` says it in words. */
export interface AlertRule {
  readonly when: string;
  readonly metric: "health.down" | "drift" | "errorRate" | "p95" | "unknown" | "queue.age" | "quota";
  readonly above: number;
  /** Channels: `slack`, `discord` or `webhook`, with a name behind where there are several. */
  readonly to: readonly string[];
  readonly forMs: number;
  readonly resolveMs: number;
}

/** Names of resources, as autopilots.yaml has them. */
export interface Resources {
  readonly kvNamespaces: readonly string[];
  readonly r2Buckets: readonly string[];
  readonly d1Databases: readonly string[];
  readonly workers: readonly string[];
}

export interface RoutingTable {
  readonly autopilots: readonly Route[];
  readonly tasks: Readonly<Record<string, TaskRule>>;
  /** The hosts that endpoints may have; empty: any. */
  readonly allowedHosts: readonly string[];
  /** The origins of web pages that may call. */
  readonly allowedOrigins: readonly string[];
  /** What the file declares: whether the needs of a registration are met. */
  readonly declared: Resources;
  /** The longest time that passes between two runs of the cron: whether it is late. */
  readonly cronPeriodMs: number;
  /** What each caller may do, by the name of its token. */
  readonly callers: Readonly<Record<string, CallerRule>>;
  readonly schedules: Readonly<Record<string, ScheduleRule>>;
  readonly alerts: Readonly<Record<string, AlertRule>>;
}

export type Right = "plan" | "read" | "register" | "heal" | "approve" | "resolve";

export interface CallerRule {
  readonly may: readonly Right[];
  /** The tasks that it may ask for; all where there are none. */
  readonly tasks: readonly string[];
}

/**
 * The rule of a task. A name that is no task is taken as that of a capability: what is never done twice as a task is not
 * done twice under that name either.
 */
export function ruleOf({ tasks }: RoutingTable, name: string): TaskRule {
  if (Object.hasOwn(tasks, name)) return tasks[name]!;
  const once = Object.values(tasks).some((rule) => rule.once && rule.capability === name);
  return { capability: name, description: "", once, idempotent: false, stream: false, timeoutMs: 25_000 };
}
