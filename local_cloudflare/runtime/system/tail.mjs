// In workerd: takes what each Worker logged and threw, after the event has ended, and hands it to the process outside.
import { WorkerEntrypoint } from "cloudflare:workers";

export class Tail extends WorkerEntrypoint {
  /** @override @param {TraceItem[]} events */
  async tail(events) {
    const body = JSON.stringify(
      events.map(({ event, logs, exceptions }) => ({
        cron: event && "cron" in event ? `${event.cron} ${Number(event.scheduledTime)}` : null,
        logs: logs.map(({ timestamp, level, message }) => ({ timestamp, level, message })),
        exceptions: exceptions.map(({ timestamp, name, message, stack }) => ({ timestamp, name, message, stack })),
      })),
    );
    await this.env.LOGS.fetch(`http://logs/${this.ctx.props.worker}`, { method: "POST", body });
  }
}

export default {};
