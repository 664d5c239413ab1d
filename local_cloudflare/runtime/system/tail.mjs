// In workerd: takes what each Worker logged and threw, after the event has ended, and hands it to the process outside.
import { WorkerEntrypoint } from "cloudflare:workers";

export class Tail extends WorkerEntrypoint {
  /** @override @param {TraceItem[]} events */
  async tail(events) {
    const body = JSON.stringify(
      events.map(({ event, logs, exceptions, eventTimestamp, outcome, wallTime }) => ({
        outcome,
        request: event && "request" in event ? requestOf(event, eventTimestamp, wallTime) : null,
        cron: event && "cron" in event ? `${event.cron} ${Number(event.scheduledTime)}` : null,
        logs: logs.map(({ timestamp, level, message }) => ({ timestamp, level, message })),
        exceptions: exceptions.map(({ timestamp, name, message, stack }) => ({ timestamp, name, message, stack })),
      })),
    );
    await this.env.LOGS.fetch(`http://logs/${this.ctx.props.worker}`, { method: "POST", body });
  }
}

/** @param {TraceItemFetchEventInfo} event @param {number | null} timestamp @param {number} ms */
function requestOf({ request, response }, timestamp, ms) {
  // As the tail has them: workerd has hidden what looks like a secret.
  const { method, url, headers } = request;
  return { timestamp, method, url, headers, path: new URL(url).pathname, status: response?.status, ms };
}

export default {};
