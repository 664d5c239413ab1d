// What goes to an autopilot and what it answers, held against the catalogue's entry of the capability, where it has one.

import catalog from "catalog";
import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import { type Answer, textOf } from "../forward/answer.ts";
import type { Failure } from "../forward/failure.ts";
import type { Decision, Refusal } from "../routing/decide.ts";
import { mistakesOf } from "./schema.ts";

/** Of a longer answer it would take too much of an invocation's time. */
const MAX_CHECKED_BYTES = 256 * 1024;

/** The decision, or the refusal (422) where `meta` does not fit: nothing is sent then. */
export function withMetaChecked(decided: Decision | Refusal, meta: unknown): Decision | Refusal {
  if ("problem" in decided) return decided;
  const { capability, reasons } = decided;
  if (!Object.hasOwn(catalog, capability)) return decided;
  const errors = mistakesOf(catalog[capability]!.meta, meta, "/meta");
  if (errors.length === 0) return decided;
  const told = errors.map(({ pointer, message }) => `${pointer} ${message}`).join("; ");
  const hint = `GET /autopilot/capabilities/${capability} says what it takes.`;
  const problem = new Problem({
    status: 422,
    title: "Invalid meta",
    detail: `${told}.`,
    members: { capability, errors, outcome: "rejected", retrySafe: true, hint },
  });
  return { problem, reasons: [...reasons, "Its meta does not fit the catalogue's entry, so it goes to nobody."] };
}

export function isMetaRefused({ problem }: Refusal): boolean {
  return problem.title === "Invalid meta";
}

/** Says in the log, and to whoever calls, that the answer does not fit the entry; undefined where it does. */
export function reportResult(capability: string, answer: Answer | Failure, requestId: string): string | undefined {
  if ("outcome" in answer || answer.status >= 300 || answer.passedOn || !Object.hasOwn(catalog, capability))
    return undefined;
  const { type, body, encoding } = answer;
  if (!type?.startsWith("application/json") || encoding || body.length > MAX_CHECKED_BYTES) return undefined;
  const { version, result } = catalog[capability]!;
  const mistakes = mistakesOf(result, parsed(body), "").map(({ pointer, message }) => `${pointer || "it"} ${message}`);
  if (mistakes.length === 0) return undefined;
  const report = `result does not fit ${capability} ${version}: ${mistakes.slice(0, 5).join("; ")}`;
  log("a result does not fit the catalogue", requestId, report);
  return report;
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(body) ?? "");
  } catch {
    return undefined;
  }
}
