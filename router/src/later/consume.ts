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
import { Line } from "./line.ts";
import { isCallbackMessage, isRunMessage, LONGEST_EARLY_MS, MAX_DELAY_S, type RunMessage } from "./messages.ts";
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
/** A message that found no place comes again less and less often: a queue gives a message a hundred
 * times, and each time is an operation. */
const FULL_AGAIN_S = 2;
const FULL_GROWTH = 1.3;
const LONGEST_FULL_S = 300;
const FAULT_AGAIN_S = 10;

/** Of a batch of so many messages, by the autopilot's name. */
interface Lines {
  readonly messages: number;
  readonly of: Map<string, Line>;
}

/** Undefined: it is done with; else in how many seconds it is to come again. */
type Again = number | undefined;

export async function consume(batch: MessageBatch, work: Work): Promise<void> {
  const lines: Lines = { messages: batch.messages.length, of: new Map() };
  await Promise.all(
    batch.messages.map(async (message) => {
      let again: Again;
      try {
        again = await take(message, work, lines);
      } catch (error) {
        log("a message could not be dealt with", work.requestId, error);
        again = FAULT_AGAIN_S;
      }
      if (again === undefined) message.ack();
      else message.retry({ delaySeconds: Math.min(Math.max(0, Math.ceil(again)), MAX_DELAY_S) });
    }),
  );
}

function take(message: Message, work: Work, lines: Lines): Promise<Again> {
  const { body } = message;
  if (isRunMessage(body)) return takeRun(body, message.attempts, work, lines);
  if (isCallbackMessage(body)) return tellCaller(body.callback, message.attempts, work);
  const wanted = scheduleMessageOf(body);
  if (wanted) return scheduleByMessage(wanted, work);
  log("a message of the queue cannot be read, and is dropped", work.requestId, { id: message.id });
  return Promise.resolve(undefined);
}

async function takeRun({ run, task, at = 0 }: RunMessage, times: number, work: Work, lines: Lines): Promise<Again> {
  await waitUntil(at);
  const decided = await decideNow(work, task);
  if ("problem" in decided) return waitFor(run, decided.problem.detail, READY_AGAIN_S, times, work);
  const now = Date.now();
  if (pausedNames([decided.route], now).length > 0) {
    const why = `${decided.route.name} failed several times in a row, so it is left alone.`;
    return waitFor(run, why, CIRCUIT_S, times, work);
  }
  const { maxConcurrency: most } = asyncRuleOf(ruleOf(routingTable, task));
  const tried: Tried = await (most === null
    ? tryRun(run, decided, work)
    : lineOf(decided, lines).inTurn((onClaimed) => tryRun(run, decided, work, onClaimed)));
  return tried === "full" ? goBack(run, decided, times, work) : tried.again;
}

function lineOf({ route }: Decision, { messages, of }: Lines): Line {
  const line = of.get(route.name) ?? new Line(messages);
  of.set(route.name, line);
  return line;
}

/** Until `at`, where that is soon. */
async function waitUntil(at: number): Promise<void> {
  for (let left = at - Date.now(); left > 0 && left <= LONGEST_EARLY_MS; left = at - Date.now())
    await new Promise((resolve) => setTimeout(resolve, left));
}

async function goBack(run: string, { route }: Decision, times: number, { env }: Work): Promise<Again> {
  const pause = Math.min(FULL_AGAIN_S * FULL_GROWTH ** (times - 1), LONGEST_FULL_S) * (0.5 + Math.random());
  await postpone(env, run, Date.now() + 1000 * pause, `${route.name} has as many runs as it may have.`);
  return pause;
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
