// A caller's callback: what became of its run, as a signed webhook (https://www.standardwebhooks.com). The URL is held
// against the rules of endpoints each time; a redirect is a failure. It is signed with the secret of `callback.<caller>`,
// which `python -m orchestrator secret callback.<caller>` prints.

import { log } from "#worker-kit/log.ts";
import type { Env } from "../env.ts";
import { endpointRules } from "../forward/endpoint-rules.ts";
import { signed } from "../forward/signed.ts";
import { postJson } from "../http/json-calls.ts";
import { record } from "../journal/journal.ts";
import { documentText } from "../once/document.ts";
import { findKeptRun, type KeptRun } from "../once/runs.ts";
import { checkEndpoint, MESSAGES } from "../routing/urls.ts";
import type { Work } from "./consume.ts";
import { backoffOf } from "./next.ts";
import { markSent, writeTold } from "./outbox.ts";

const TIMEOUT_MS = 10_000;
const MAX_TRIES = 10;
const BACKOFF_MS = 10_000;

/** Undefined: it is done with; else in how many seconds to try again. */
export async function tellCaller(id: string, tries: number, work: Work): Promise<number | undefined> {
  const { env, requestId } = work;
  const run = await findKeptRun(env, id);
  if (run?.callbackStatus !== "waiting") return undefined;
  const why = await post(run, env);
  if (why !== "" && tries < MAX_TRIES) {
    log("a caller could not be told of its run", requestId, `${id}: ${why}`);
    const pauseMs = backoffOf(BACKOFF_MS, tries, Math.random());
    await markSent(env, [id], Date.now() + pauseMs); // its message comes then
    return pauseMs / 1000;
  }
  const status = why === "" ? "told" : "failed";
  await writeTold(env, id, status);
  const { caller, task, autopilot } = run;
  record(work, { kind: "callback", caller, task, autopilot, outcome: status, detail: `${id} ${why}`.trim() });
  return undefined;
}

/** Why it was not taken; "" where it was. No address is told: it may hold a secret. */
async function post(run: KeptRun, env: Env): Promise<string> {
  const code = checkEndpoint(run.callback!, endpointRules(env));
  if (code) return `its callback is not allowed: ${MESSAGES[code]}`;
  const body = `{"type":"run.${run.status}","timestamp":"${new Date().toISOString()}","data":${documentText(run, run.caller)}}`;
  const headers = await signed(
    `callback.${run.caller}`,
    env,
    `msg_${run.id.replace(/^run_/, "")}_${run.attempts}`,
    body,
  );
  try {
    const { ok, status } = await postJson(run.callback!, body, TIMEOUT_MS, {
      ...headers,
      "user-agent": "autopilot-orchestrator",
    });
    return ok ? "" : `its callback answered ${status}`;
  } catch {
    return "its callback could not be reached";
  }
}
