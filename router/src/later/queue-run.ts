// A run is recorded, and then its message is sent: whoever asked for it, a caller, a schedule or an autopilot.

import routingTable from "routing-table";
import type { Env } from "../env.ts";
import { fingerprintOf, runIdOf } from "../once/once.ts";
import type { KeptRun } from "../once/runs.ts";
import { ruleOf } from "../routing/table.ts";
import { MAX_DELAY_S, messageFor, sendMessage } from "./messages.ts";
import { writeQueued } from "./records.ts";
import { asyncRuleOf } from "./rule.ts";

export interface WantedRun {
  readonly caller: string;
  readonly key: string;
  readonly task: string;
  readonly meta: string;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  readonly callback: string | null;
  readonly schedule: string | null;
  readonly requestId: string;
  readonly trace: string | null;
  /** By the decision of now, which is taken again; "" where that is not known. */
  readonly autopilot: string;
}

/**
 * Records it and sends its message, which is left to the cron where it is far away. Where the caller's key has a run
 * already, that is what is given: it may be of another request, whose fingerprint differs.
 */
export async function queueRun(
  env: Env,
  wanted: WantedRun,
): Promise<{ readonly run: KeptRun; readonly isNew: boolean; readonly isSame: boolean }> {
  const { caller, key, task, meta, at, callback, schedule, requestId, trace, autopilot } = wanted;
  const rule = ruleOf(routingTable, task);
  const later = asyncRuleOf(rule);
  const now = Date.now();
  const isNear = at - now <= MAX_DELAY_S * 1000;
  const id = await runIdOf(caller, key);
  const fingerprint = await fingerprintOf({ task, meta });
  const { run, isNew } = await writeQueued(env, {
    ...{ id, caller, key, fingerprint, task, requestId, meta, dueAt: at, sentAt: isNear ? now : null, schedule, trace },
    ...{ capability: rule.capability, autopilot },
    callback: callback ?? later.callback,
    isGuarded: rule.once,
    retries: later.retries,
  });
  // Also for a repeat: whoever repeats was not answered, so the message may not have been sent. Two do no harm.
  if ((isNew || run.status === "queued") && isNear) {
    const { message, delaySeconds } = messageFor({ id, task }, at, now);
    await sendMessage(env, message, delaySeconds, requestId);
  }
  return { run, isNew, isSame: run.fingerprint === fingerprint };
}
