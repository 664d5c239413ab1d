// GET /metrics: what Prometheus reads. From what is kept anyway: the journal's counts of whole hours and the last scheduled
// run's findings; so it costs the same however many tasks there were, and no isolate counts for itself.
//
// Counters count from midnight UTC on, and begin at zero there: Prometheus takes that for what it is, a reset.

import type { Env } from "../env.ts";
import type { Call } from "../http/call.ts";
import type { Count } from "../journal/counts.ts";
import { percentile, total } from "../journal/stats.ts";
import { readSnapshot, type Snapshot } from "../snapshot.ts";
import { countedToday, type FreePlanUse, freePlanUse } from "../usage/use.ts";
import { CONTENT_TYPE, type Family, write } from "./text.ts";

const STATUSES = ["pass", "warn", "fail", "unknown"] as const;
const QUANTILES = [50, 90, 95, 99];

export async function showMetrics({ env, requestId }: Call): Promise<Response> {
  const now = Date.now();
  const [snapshot, counted] = await Promise.all([readSnapshot(env, requestId), countedToday(env, now)]);
  const use = freePlanUse(env, snapshot?.accountUse, counted, now);
  return new Response(write([...ofTasks(counted.counts), ...ofSnapshot(snapshot), ...ofUse(use), build(env)]), {
    headers: { "content-type": CONTENT_TYPE },
  });
}

function ofTasks(counts: readonly Count[]): Family[] {
  const ends = Map.groupBy(counts, ({ autopilot, outcome, isError }) => JSON.stringify([autopilot, outcome, isError]));
  const timed = Map.groupBy(
    counts.filter(({ ms }) => ms !== undefined),
    ({ autopilot }) => autopilot,
  );
  return [
    {
      name: "orchestrator_tasks_total",
      type: "counter",
      help: "Tasks since midnight UTC, by the autopilot that got them (none: empty), outcome, and whether that is an error.",
      samples: [...ends.values()].map((each) => {
        const { autopilot, outcome, isError } = each[0]!;
        return [{ autopilot, outcome, error: String(isError) }, total(each)];
      }),
    },
    {
      name: "orchestrator_task_duration_seconds",
      type: "summary",
      help: "How long tasks took since midnight UTC.",
      samples: [...timed].flatMap(([autopilot, each]) => [
        ...QUANTILES.map(
          (percent) => [{ autopilot, quantile: String(percent / 100) }, percentile(each, percent)! / 1000] as const,
        ),
        [{ autopilot }, each.reduce((sum, { ms, count }) => sum + ms! * count, 0) / 1000, "_sum"] as const,
        [{ autopilot }, total(each), "_count"] as const,
      ]),
    },
  ];
}

function ofSnapshot(snapshot: Snapshot | undefined): Family[] {
  if (!snapshot) return [];
  const autopilots = Object.entries(snapshot.autopilots);
  return [
    {
      name: "orchestrator_autopilot_status",
      type: "gauge",
      help: "1 for the status that the autopilot has by its probes, 0 for each other.",
      samples: autopilots.flatMap(([autopilot, health]) =>
        STATUSES.map((status) => [{ autopilot, status }, Number(health.status === status)] as const),
      ),
    },
    {
      name: "orchestrator_autopilot_last_probe_timestamp_seconds",
      type: "gauge",
      help: "When the autopilot was probed last.",
      samples: autopilots.map(([autopilot, { lastProbeAt }]) => [{ autopilot }, seconds(lastProbeAt)]),
    },
    {
      name: "orchestrator_missing_resources",
      type: "gauge",
      help: "How many declared or bound resources are not there.",
      samples: [[{}, snapshot.missing.length]],
    },
    {
      name: "orchestrator_unknown_runs",
      type: "gauge",
      help: "Runs of which nobody knows how they ended.",
      samples: [[{}, snapshot.unknownRuns?.length ?? 0]],
    },
    ...ofWaiting(snapshot.waiting),
    {
      name: "orchestrator_last_scheduled_run_timestamp_seconds",
      type: "gauge",
      help: "When the scheduled work ran last: what stands above it is as old.",
      samples: [[{}, seconds(snapshot.at)]],
    },
  ];
}

/** None where there is no queue. */
function ofWaiting(waiting: Snapshot["waiting"]): Family[] {
  if (!waiting) return [];
  const { runs, oldestAt, mostAttempts } = waiting;
  return [
    {
      name: "orchestrator_waiting_runs",
      type: "gauge",
      help: "Tasks that nobody waits for whose time has come and that have not ended.",
      samples: [[{}, runs]],
    },
    {
      name: "orchestrator_oldest_waiting_run_timestamp_seconds",
      type: "gauge",
      help: "Since when that one of them waits that was not tried for longest; absent where none waits.",
      samples: oldestAt === null ? [] : [[{}, oldestAt / 1000]],
    },
    {
      name: "orchestrator_waiting_run_attempts",
      type: "gauge",
      help: "How often the most tried one of them was tried.",
      samples: [[{}, mostAttempts]],
    },
  ];
}

function ofUse({ source, resources }: FreePlanUse): Family[] {
  return [
    {
      name: "orchestrator_free_plan_used",
      type: "gauge",
      help: "What the day or month has used of the free plan: as Cloudflare says, about, or by our own counts.",
      samples: resources.map(({ name, used }) => [{ resource: name, source }, used] as const),
    },
    {
      name: "orchestrator_free_plan_limit",
      type: "gauge",
      help: "What the free plan has of it; of the journal's entries, its own bound.",
      samples: resources.map(({ name, limit }) => [{ resource: name }, limit] as const),
    },
  ];
}

function build({ BUILD_ID = "unknown", STAGE = "unknown" }: Env): Family {
  return {
    name: "orchestrator_build_info",
    type: "gauge",
    help: "Which build answers.",
    samples: [[{ build: BUILD_ID, stage: STAGE }, 1]],
  };
}

function seconds(time: string): number {
  return Date.parse(time) / 1000;
}
