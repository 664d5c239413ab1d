// Workers AI within the day's budget. 10,000 neurons a day are free for a whole account, until 00:00 UTC, so what is used
// is counted in D1, by all Workers that are bound to the same database. A guard that cannot count lets nothing through.

import { type Migrations, migrate } from "#worker-kit/migrations.ts";
import { Problem } from "#worker-kit/problem.ts";

export interface AiEnv {
  /** Where the Worker's `ai` is true. */
  AI?: Ai;
  /** Where the neurons are counted. */
  AI_BUDGET?: D1Database;
  /** How many a day; 10,000 where it says nothing. */
  AI_NEURONS_A_DAY?: string;
}

export interface Inference<T> {
  model: string;
  /** What a call costs at most. What is not used is given back where the answer says how much was. */
  neurons: number;
  run: (ai: Ai) => Promise<T>;
  /** What it really cost. */
  used?: (answer: T) => number | undefined;
}

/** Why no model was asked, or none answered; `retryAfter` in seconds. */
export class AiUnavailable extends Error {
  constructor(
    why: string,
    readonly retryAfter: number,
  ) {
    super(why);
  }
}

const FREE_NEURONS = 10_000;
/** For so long nobody asks again after Cloudflare twice had no room. */
const BUSY_SECONDS = 60;
const AGAIN_MS = 1_500;
// The documented code of a spent day, and the one that bindings were seen to throw for it.
const SPENT = /\b(?:3036|4006)\b|daily free allocation/i;
const BUSY = /\b3040\b|capacity temporarily exceeded|no more data centers/i;

const MIGRATIONS: Migrations = [
  [
    // Times are milliseconds since 1970. `busy_until`: nothing is asked before, since Cloudflare had no room.
    `CREATE TABLE neurons (
      day TEXT PRIMARY KEY,
      used INTEGER NOT NULL,
      busy_until INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID`,
  ],
];

/**
 * Ask a model. Throws AiUnavailable where none is bound, the day's neurons are spent (error 3036 says so too: then
 * until 00:00 UTC), or Cloudflare has no room (error 3040: asked once more after a moment). What the model itself
 * throws otherwise is thrown on.
 */
export async function infer<T>(env: AiEnv, inference: Inference<T>): Promise<T> {
  const { AI: ai } = env;
  if (!ai) throw new AiUnavailable("Workers AI is not bound (`ai: true` of the Worker)", 3600);
  const day = await reserve(env, inference.neurons);
  let answer: T;
  try {
    answer = await runWithRetry(ai, inference);
  } catch (error) {
    const said = String(error);
    if (SPENT.test(said)) {
      await day.set("used = max(used, ?2)", budgetOf(env));
      throw new AiUnavailable("the day's free neurons are spent", untilMidnight());
    }
    await day.set("used = max(0, used - ?2)", inference.neurons);
    if (!BUSY.test(said)) throw error;
    await day.set("busy_until = max(busy_until, ?2)", Date.now() + BUSY_SECONDS * 1000);
    throw new AiUnavailable("Workers AI has no room now", BUSY_SECONDS);
  }
  const unused = inference.neurons - Math.ceil(inference.used?.(answer) ?? inference.neurons);
  if (unused > 0) await day.set("used = max(0, used - ?2)", unused);
  return answer;
}

/** A problem (503) for a task that cannot be done without a model. */
export function aiProblem({ message, retryAfter }: AiUnavailable): Problem {
  return new Problem({
    status: 503,
    title: "AI unavailable",
    detail: `Nothing was made: ${message}. Send the task again later.`,
    members: { outcome: "rejected" },
    headers: { "retry-after": String(retryAfter) },
  });
}

async function runWithRetry<T>(ai: Ai, { run }: Inference<T>): Promise<T> {
  try {
    return await run(ai);
  } catch (error) {
    if (!BUSY.test(String(error))) throw error;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS * (0.5 + Math.random() / 2)));
    return await run(ai);
  }
}

/** Count the neurons before they are used, in one statement: of two at once that would pass the budget one stops. */
async function reserve(env: AiEnv, neurons: number) {
  const { AI_BUDGET: db } = env;
  if (!db) throw new AiUnavailable("its neurons cannot be counted: AI_BUDGET is not bound", 3600);
  await migrate(db, MIGRATIONS);
  const now = new Date();
  const day = now.toISOString().slice(0, 10);
  const row = await db
    .prepare(
      `INSERT INTO neurons (day, used) SELECT ?1, ?2 WHERE ?2 <= ?3
       ON CONFLICT (day) DO UPDATE SET used = used + ?2 WHERE used + ?2 <= ?3 AND busy_until <= ?4 RETURNING used`,
    )
    .bind(day, neurons, budgetOf(env), now.getTime())
    .first();
  if (!row) throw await refusal(db, day, now.getTime());
  return {
    async set(change: string, value: number): Promise<void> {
      await db.prepare(`UPDATE neurons SET ${change} WHERE day = ?1`).bind(day, value).run();
    },
  };
}

async function refusal(db: D1Database, day: string, now: number): Promise<AiUnavailable> {
  const busyUntil =
    (await db.prepare("SELECT busy_until FROM neurons WHERE day = ?").bind(day).first<number>("busy_until")) ?? 0;
  if (busyUntil > now) return new AiUnavailable("Workers AI has no room now", Math.ceil((busyUntil - now) / 1000));
  return new AiUnavailable("the day's budget of neurons is spent", untilMidnight());
}

function budgetOf({ AI_NEURONS_A_DAY }: AiEnv): number {
  const said = Number(AI_NEURONS_A_DAY ?? FREE_NEURONS);
  return Number.isInteger(said) && said >= 0 ? said : 0;
}

/** Seconds until 00:00 UTC. */
function untilMidnight(): number {
  const day = 24 * 60 * 60 * 1000;
  return Math.ceil((day - (Date.now() % day)) / 1000);
}
