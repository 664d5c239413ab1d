// What is told of a batch: 201 when all is paid, 207 when a part is and the rest was refused, 202 while it goes on or
// waits for approval. Nothing moved: a problem with `outcome: rejected`. Where a person has to look: `unknown`. Each names
// its run, by which the orchestrator knows that it is said of that.
import { Problem } from "#worker-kit/problem.ts";
import { isKeyRefused } from "../../shared/stripe.ts";
import type { Batch, Item } from "./ledger.ts";

const ACCEPTED = 202;
const CREATED = 201;
const MULTI_STATUS = 207;
const LATER = { "retry-after": "30" };

/** Throws a problem: 409 where it is not known what became of it, 422 or 502 where nothing was transferred. */
export function answerOf(batch: Batch, items: readonly Item[]): Response {
  if (batch.answer !== null) return kept(batch.answer);
  if (batch.status === "approval") {
    const approval = { reasons: reasonsOf(batch) };
    return told(batch, items, "waiting for approval", ACCEPTED, { approval });
  }
  if (items.some(({ status }) => ["waiting", "sending", "looking"].includes(status))) {
    return told(batch, items, "in progress", ACCEPTED, {}, LATER);
  }
  if (items.some(({ status }) => status === "stuck")) throw unknownProblem(batch, items);
  const paid = items.filter(({ status }) => status === "paid").length;
  if (paid === items.length) return told(batch, items, "paid", CREATED);
  if (paid > 0) return told(batch, items, "partly paid", MULTI_STATUS);
  throw refusedProblem(batch, items);
}

/** The state of a batch, whatever it is; 200. */
export function stateOf(batch: Batch, items: readonly Item[]): Response {
  const approval = batch.status === "approval" ? { approval: { reasons: reasonsOf(batch) } } : {};
  const pending = items.filter(({ status }) => ["waiting", "sending", "looking"].includes(status)).length;
  const status = batch.status === "approval" ? "waiting for approval" : pending > 0 ? "in progress" : "settled";
  return told(batch, items, status, 200, approval);
}

function reasonsOf({ reasons, over_day, currency }: Batch): string[] {
  const day = over_day ? [`With it more than a day may have in ${currency} would be paid today.`] : [];
  return [...(JSON.parse(reasons) as string[]), ...day];
}

function told(
  { id, run, currency, total }: Batch,
  items: readonly Item[],
  status: string,
  code: number,
  more: object = {},
  headers: Record<string, string> = {},
): Response {
  const paid = items.reduce((sum, each) => sum + (each.status === "paid" ? each.amount : 0), 0);
  const document = { status, payout: id, run, currency, total, paid, ...more, transfers: items.map(shown) };
  return Response.json(document, { status: code, headers });
}

function kept(answer: string): Response {
  const { status, body } = JSON.parse(answer) as { status: number; body: string };
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", "idempotency-replayed": "true" },
  });
}

/** `unknown` for what may have been sent, as callers know it. */
function shown({ payee, amount, currency, description, named, reference, status, transfer, reason }: Item) {
  const word = { sending: "unknown", looking: "unknown", stuck: "unknown", refused: "rejected" } as const;
  return {
    destination: payee,
    ...{ amount, currency },
    ...(description === null ? {} : { description }),
    ...(named ? { reference } : {}),
    status: status in word ? word[status as keyof typeof word] : status,
    ...(transfer === null ? {} : { id: transfer }),
    ...(reason === null ? {} : { reason }),
  };
}

function unknownProblem({ run }: Batch, items: readonly Item[]): Problem {
  const detail =
    "Money may have moved, so nothing is sent again. Look at Stripe, then resolve the orchestrator's run; before " +
    "anything is sent again, what Stripe has of this payout is looked up.";
  const members = { outcome: "unknown", run, transfers: items.map(shown) };
  return new Problem({ status: 409, title: "Outcome unknown", detail, members });
}

function refusedProblem({ run }: Batch, items: readonly Item[]): Problem {
  const first = items.find(({ reason }) => reason !== null);
  const upstream = first?.upstream ?? null;
  return new Problem({
    // Stripe's refusal of the request is the caller's business, that of our key is ours.
    status: upstream !== null && isKeyRefused(upstream) ? 502 : 422,
    title: "Upstream refused",
    detail: `Nothing was transferred: ${first?.reason ?? "it was refused."}`,
    members: {
      ...{ outcome: "rejected", run },
      ...(upstream === null ? {} : { upstreamStatus: upstream }),
      transfers: items.map(shown),
    },
  });
}
