// A batch goes on: what is due of it is sent, at most fifteen transfers an invocation, and what became of each is
// recorded. What Stripe did not answer is sent again under the same key while Stripe keeps it, which does nothing twice;
// after that, and where Stripe keeps a failure, it is looked up; and where that does not settle it, a person is asked.
import type { Env } from "./env.ts";
import { claimDue, type Item, lease, renewKey, settle } from "./ledger.ts";
import { KEY_LIFE_MS, type LookUp, lookUp, type Sent, sendTransfer } from "./transfers.ts";

const MOST = 15;
const AT_ONCE = 5; // a Worker may have six connections
/** After this none is begun: with the last call's 8 s it is within a task's 25 s. */
const SENDING_MS = 12_000;
/** What was lost so early is sent again at once; what was waited for in vain comes later. */
const AGAIN_MS = 4_000;
const FIRST_PAUSE_MS = 15_000;
const MOST_PAUSE_MS = 15 * 60_000;

/** Does what is due of a batch; nothing where another invocation is at it. */
export async function advance(env: Env, db: D1Database, batch: string): Promise<void> {
  const token = crypto.randomUUID();
  const begun = Date.now();
  if (!(await lease(db, batch, token, begun))) return;
  const items = await claimDue(db, batch, begun, MOST);
  const run = new Run(env, db, batch, begun);
  const queue = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = queue.shift(); item; item = queue.shift()) await run.perform(item);
    }),
  );
  await settle(db, batch, token, items);
}

/** One invocation's work on a batch; what Stripe has of it is asked once. */
class Run {
  private looked: Promise<LookUp | null> | undefined;

  constructor(
    private readonly env: Env,
    private readonly db: D1Database,
    private readonly batch: string,
    private readonly begun: number,
  ) {}

  private get elapsed(): number {
    return Date.now() - this.begun;
  }

  /** Changes `item` to what became of it. */
  async perform(item: Item): Promise<void> {
    if (this.elapsed > SENDING_MS) {
      // Not sent now. One that was sent before stays in doubt.
      if (item.status === "sending" && item.doubt === 0) item.status = "waiting";
      return;
    }
    if (item.status === "looking" || (item.doubt && Date.now() - item.sent_at! > KEY_LIFE_MS)) {
      if (!(await this.lookAfter(item, null))) return;
      await renewKey(this.db, item, Date.now());
    }
    let sent = await sendTransfer(this.env, item);
    if (sent.kind === "unknown" && this.elapsed < AGAIN_MS) {
      item.doubt = 1;
      sent = await sendTransfer(this.env, item); // under the same key: what was done is only told again
    }
    await this.record(item, sent);
  }

  private async record(item: Item, sent: Sent): Promise<void> {
    if (sent.kind === "paid") {
      Object.assign(item, { status: "paid", transfer: sent.id, reason: null, doubt: 0 });
      return;
    }
    item.reason = sent.why;
    if (sent.kind === "wait") {
      // Not by this call; an earlier one may have done it, and then the same key tells.
      Object.assign(item, {
        status: item.doubt ? "sending" : "waiting",
        next_at: Date.now() + pause(item, sent.afterMs),
      });
    } else if (sent.kind === "unknown") {
      Object.assign(item, { status: "sending", doubt: 1, next_at: Date.now() + pause(item, null) });
    } else if (sent.kind === "refused" && item.doubt === 0) {
      Object.assign(item, { status: "refused", upstream: sent.status });
    } else {
      await this.lookAfter(item, sent.why);
    }
  }

  /**
   * Settles an item by what Stripe has of it. True where Stripe has nothing, and a person has said already that it was
   * not done. `why`: why it is looked up.
   */
  private async lookAfter(item: Item, why: string | null): Promise<boolean> {
    if (this.elapsed < SENDING_MS) this.looked ??= lookUp(this.env, this.batch);
    const known = (await this.looked) ?? null;
    if (known === null) {
      item.reason = "Stripe's list of transfers could not be read.";
      item.next_at = Date.now() + pause(item, null);
      return false;
    }
    const found = known(item);
    if (found?.isReversed) {
      const reason =
        "Stripe made the transfer, and it was reversed: pay it anew under another reference, if it is due.";
      Object.assign(item, { status: "stuck", transfer: found.id, reason });
    } else if (found) {
      Object.assign(item, { status: "paid", transfer: found.id, reason: null, doubt: 0 });
    } else if (item.status === "looking") {
      return true;
    } else {
      const reason = `${why ?? "Its key is too old to be sent again."} Stripe lists no such transfer.`;
      Object.assign(item, { status: "stuck", reason });
    }
    return false;
  }
}

/** Milliseconds until the next try: as Stripe says, else longer each time. */
function pause({ tries }: Item, told: number | null): number {
  return Math.max(told ?? 0, Math.min(FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 10), MOST_PAUSE_MS));
}
