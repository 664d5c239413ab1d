// An answer that is passed on as it comes: its status and headers at once, then its body, up to the same limit and within
// the same time as one that is read whole. A caller that goes away does not end it: the autopilot's answer is read to its
// end, as that of any other task.
//
// What goes wrong after the status is told in the answer: by a last event `error`, or in any other type by a last line of
// JSON, with the problem document. To break the connection off would be HTTP's own way, but workerd ends it as if the answer
// were whole (https://github.com/cloudflare/workerd/issues/6818). So a compressed answer, which takes no line, is the only one
// of which the journal alone knows that it broke off, beside callers by service binding.

import { log } from "#worker-kit/log.ts";
import { brokenFailure, type Failure, oversizeFailure, timeoutFailure } from "./failure.ts";

/** `body` is what the caller reads. `ended` says what went wrong with it, in the end; it is never rejected. */
export interface PassedOn {
  readonly body: ReadableStream<Uint8Array>;
  readonly ended: Promise<Failure | undefined>;
}

interface Limits {
  readonly bytes: number;
  readonly timeoutMs: number;
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
}

/** The last that a caller reads of an answer that failed; undefined where there is no place for it. */
type Farewell = (failure: Failure) => string | undefined;

export function passOn(
  from: ReadableStream<Uint8Array>,
  limits: Limits,
  farewell: Farewell,
  requestId: string,
): PassedOn {
  const { readable, writable } = new IdentityTransformStream();
  return { body: readable, ended: end(from, writable.getWriter(), limits, farewell, requestId) };
}

const EVENTS = /^text\/event-stream *(?:;|$)/i;

/** Whether an answer of that type is one of server-sent events. */
export function isEventStream(type: string | null): boolean {
  return EVENTS.test(type ?? "");
}

/** What an answer of that type ends with, where `document` is told in it. */
export function farewellOf(type: string | null, document: object): string {
  const text = JSON.stringify(document);
  return isEventStream(type) ? `\n\nevent: error\ndata: ${text}\n\n` : `\n${text}\n`;
}

type Writer = WritableStreamDefaultWriter<Uint8Array>;

async function end(
  from: ReadableStream<Uint8Array>,
  to: Writer,
  limits: Limits,
  farewell: Farewell,
  requestId: string,
): Promise<Failure | undefined> {
  to.closed.catch(nothing); // nobody reads it any more
  let failure: Failure | undefined;
  try {
    failure = (await pump(from, to, limits)) ? undefined : oversizeFailure(limits.bytes);
  } catch (error) {
    log("an answer broke off", requestId, error);
    failure = limits.signal.aborted ? timeoutFailure(limits.timeoutMs) : brokenFailure();
  }
  const last = failure && farewell(failure);
  if (last !== undefined) await to.write(new TextEncoder().encode(last)).catch(nothing);
  await (failure && last === undefined ? to.abort(new Error(failure.why)) : to.close()).catch(nothing);
  return failure;
}

/** Whether all of it came, and was not longer than it may be. Throws where it broke off. */
async function pump(from: ReadableStream<Uint8Array>, to: Writer, { bytes, signal }: Limits): Promise<boolean> {
  const reader = from.getReader();
  let [length, isTaken, isWaiting] = [0, true, false];
  // Whoever has stopped reading is not waited for.
  const giveUp = () => {
    if (isWaiting) to.abort(signal.reason).catch(nothing);
  };
  signal.addEventListener("abort", giveUp);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return true;
      length += value.byteLength;
      if (length > bytes) {
        await reader.cancel().catch(nothing);
        return false;
      }
      isWaiting = true;
      if (isTaken) isTaken = await to.write(value).then(yes, no);
      isWaiting = false;
    }
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

const nothing = () => undefined;
const yes = () => true;
const no = () => false;
