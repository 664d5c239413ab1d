// The `queue()` handler: each message of a batch by itself. The decision is taken again, the run is claimed, the task is
// sent, and what came of it is recorded before the message is acknowledged; so a message that is lost on the way, or that
// comes twice, changes nothing.
//
// What is not to be tried yet goes back to the queue with a delay, which costs one operation; a new message would cost three.

import routingTable from "routing-table";
import { log } from "#worker-kit/log.ts";
import { pausedNames } from "../forward/circuits.ts";
import type { Call } from "../http/call.ts";
import type { Decision } from "../routing/decide.ts";
import { decideNow } from "../routing/decide-now.ts";
import { ruleOf } from "../routing/table.ts";
import { tellCaller } from "./callback.ts";
import { isCallbackMessage, isRunMessage, MAX_DELAY_S, type RunMessage } from "./messages.ts";
import { LONGEST_WAIT_MS } from "./next.ts";
import { findWaiting, giveUp, postpone } from "./records.ts";
import { asyncRuleOf } from "./rule.ts";
import { scheduleByMessage, scheduleMessageOf } from "./schedule-message.ts";
import { type Tried, tellOfDead, tryRun } from "./try.ts";

export type Work = Pick<Call, "env" | "later" | "requestId">;

const READY_AGAIN_S = 60;
/** An autopilot that is out is asked after less and less often, up to so many times that pause. */
const READY_GROWTH = 1.5;
const LONGEST_READY = 15;
/** A circuit that is open closes after this, or a few times as much. */
const CIRCUIT_S = 30;
const FULL_PAUSE_MS = 500;
/** How often a place is looked for before the message goes back: a run of 50 subrequests has no more to spare. */
const FULL_LOOKS = 4;
/** Then it comes again less and less often: a queue gives a message a hundred times, and each time is an operation. */
const FULL_AGAIN_S = 5;
const FULL_GROWTH = 1.3;
const LONGEST_FULL_S = 300;
const FAULT_AGAIN_S = 10;

/** Undefined: it is done with; else in how many seconds it is to come again. */
type Again = number | undefined;

export async function consume(batch: MessageBatch, work: Work): Promise<void> {
  const lanes = new Map<string, Promise<unknown>[]>();
  await Promise.all(
    batch.messages.map(async (message) => {
      let again: Again;
      try {
        again = await take(message, work, lanes);
      } catch (error) {
        log("a message could not be dealt with", work.requestId, error);
        again = FAULT_AGAIN_S;
      }
      if (again === undefined) message.ack();
      else message.retry({ delaySeconds: Math.min(Math.max(0, Math.ceil(again)), MAX_DELAY_S) });
    }),
  );
}

function take(message: Message, work: Work, lanes: Map<string, Promise<unknown>[]>): Promise<Again> {
  const { body } = message;
  if (isRunMessage(body)) return takeRun(body, message.attempts, work, lanes);
  if (isCallbackMessage(body)) return tellCaller(body.callback, message.attempts, work);
  const wanted = scheduleMessageOf(body);
  if (wanted) return scheduleByMessage(wanted, work);
  log("a message of the queue cannot be read, and is dropped", work.requestId, { id: message.id });
  return Promise.resolve(undefined);
}

async function takeRun(
  { run, task }: RunMessage,
  times: number,
  work: Work,
  lanes: Map<string, Promise<unknown>[]>,
): Promise<Again> {
  const decided = await decideNow(work, task);
  if ("problem" in decided) return waitFor(run, decided.problem.detail, READY_AGAIN_S, times, work);
  const now = Date.now();
  if (pausedNames([decided.route], now).length > 0) {
    const why = `${decided.route.name} failed several times in a row, so it is left alone.`;
    return waitFor(run, why, CIRCUIT_S, times, work);
  }
  const { maxConcurrency: most } = asyncRuleOf(ruleOf(routingTable, task));
  const attempt = () => tryUntilThereIsPlace(run, decided, times, work);
  return most === null ? attempt() : inLane(lanes, decided, most, attempt);
}

/** At most `most` at a time of this batch and autopilot: the others would find no place anyway. */
async function inLane<T>(
  lanes: Map<string, Promise<unknown>[]>,
  { route }: Decision,
  most: number,
  work: () => Promise<T>,
): Promise<T> {
  const lane = lanes.get(route.name) ?? [];
  lanes.set(route.name, lane);
  const before = lane.at(-most); // one lane for each place
  const mine = Promise.resolve(before).then(work, work);
  lane.push(mine);
  return mine;
}

async function tryUntilThereIsPlace(run: string, decided: Decision, times: number, work: Work): Promise<Again> {
  for (let look = 1; ; look++) {
    const tried: Tried = await tryRun(run, decided, work);
    if (tried !== "full") return tried.again;
    if (look === FULL_LOOKS) {
      const pause = Math.min(FULL_AGAIN_S * FULL_GROWTH ** (times - 1), LONGEST_FULL_S) * (0.5 + Math.random());
      await postpone(
        work.env,
        run,
        Date.now() + 1000 * pause,
        `${decided.route.name} has as many runs as it may have.`,
      );
      return pause;
    }
    await new Promise((resolve) => setTimeout(resolve, FULL_PAUSE_MS * (0.5 + Math.random())));
  }
}

/** The autopilot is not ready: that costs no attempt, and has an end. */
async function waitFor(
  id: string,
  why: string,
  seconds: number,
  times: number,
  { env, requestId }: Work,
): Promise<Again> {
  const run = await findWaiting(env, id);
  const now = Date.now();
  if (run?.status === "running") return (run.expiresAt - now) / 1000 + 1; // should its isolate have died
  if (run?.status === "unknown" && !run.guarded && run.finishedAt === null) return seconds; // it has died
  if (run?.status !== "queued") return undefined;
  if (now - run.createdAt > LONGEST_WAIT_MS) {
    if (await giveUp(env, id, why)) await tellOfDead(env, { ...run, why, status: "dead" }, requestId);
    return undefined;
  }
  if (run.dueAt !== null && run.dueAt > now) return (run.dueAt - now) / 1000;
  const pause = seconds * Math.min(READY_GROWTH ** (times - 1), LONGEST_READY);
  await postpone(env, id, now + 1000 * pause, why);
  return pause;
}
