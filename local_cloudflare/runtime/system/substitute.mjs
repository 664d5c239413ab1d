// In workerd: answers in place of a Worker that does not start, or that a service binding names and nobody uploaded.
import { WorkerEntrypoint } from "cloudflare:workers";

export class Substitute extends WorkerEntrypoint {
  /** @override */
  fetch() {
    return new Response(`error code: 1101\n${this.ctx.props.reason}\n`, {
      status: 500,
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
  }

  /** @override */
  scheduled() {
    throw new Error(this.ctx.props.reason);
  }
}

export default {};
