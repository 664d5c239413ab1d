// The alerts of autopilots.yaml, evaluated by each scheduled run; what was not delivered is sent by the next one.

import routingTable from "routing-table";
import { log } from "#worker-kit/log.ts";
import type { Env } from "../env.ts";
import type { Snapshot } from "../snapshot.ts";
import { alertUrls, deliver, type Message } from "./deliver.ts";
import { measurer, type Seen } from "./measure.ts";
import { type AlertState, nextState } from "./state.ts";

/** Of the messages that a channel did not take, the latest are kept. */
const MOST_UNSENT = 20;
/** Of all that is due, in one run: each is a subrequest, and the run has others to make. */
const MOST_SENT = 5;

export interface Unsent {
  readonly to: string;
  readonly message: Message;
}

export interface Evaluated {
  readonly states: Readonly<Record<string, AlertState>>;
  readonly unsent: readonly Unsent[];
  /** What people are told of now. */
  readonly messages: readonly Message[];
}

/** Never throws: what cannot be measured is said in the log, and changes nothing. */
export async function evaluateAlerts(
  env: Env,
  before: Snapshot | undefined,
  seen: Seen,
  at: string,
  requestId: string,
): Promise<Evaluated> {
  const states: Record<string, AlertState> = {};
  const messages: Message[] = [];
  const due: Unsent[] = [...(before?.unsentAlerts ?? [])];
  const measure = measurer(env, seen, Date.parse(at));
  for (const [alert, rule] of Object.entries(routingTable.alerts)) {
    const { metric, when, to } = rule;
    const measured = await measure(metric).catch((error: unknown) => {
      log(`the alert ${alert} could not be evaluated`, requestId, error);
      return undefined;
    });
    const was = before?.alerts?.[alert];
    const { state, told } = nextState(was, measured, rule, at);
    states[alert] = state;
    if (!told) continue;
    const since = (told === "firing" ? state.firingSince : was?.firingSince) ?? at;
    const message = { alert, state: told, when, value: measured?.value, text: measured?.text ?? "", since, at };
    messages.push(message);
    due.push(...to.map((channel) => ({ to: channel, message })));
  }
  return { states, messages, unsent: await sendAll(env, due, requestId) };
}

/**
 * Sends to each channel what is due, one after the other: who reads them takes the last one for true. A channel that does
 * not take one keeps nothing from the others; the rest is for the next run, where whoever had no turn comes first. A
 * channel without a URL is told of nothing, now or later.
 */
async function sendAll(env: Env, due: readonly Unsent[], requestId: string): Promise<Unsent[]> {
  const urls = alertUrls(env);
  const known = due.filter(({ to }) => Object.hasOwn(urls, to));
  const hadNoTurn: Unsent[] = [];
  const refused: Unsent[] = [];
  let left = MOST_SENT;
  await Promise.all(
    [...Map.groupBy(known, ({ to }) => to)].map(async ([to, queue]) => {
      const rest = left > 0 ? refused : hadNoTurn;
      let why = "";
      while (queue.length > 0 && !why && left-- > 0) {
        why = await deliver(env, to, queue[0]!.message);
        if (why) log(`an alert was not delivered to ${to}`, requestId, why);
        else queue.shift();
      }
      rest.push(...queue.slice(-MOST_UNSENT));
    }),
  );
  return [...hadNoTurn, ...refused];
}
