// Asking for a heal. A heal is always `pulumi up`, which no Worker can run: so a workflow is started on GitHub, or a
// webhook is called that starts one (on the local stack: the local Cloudflare's own). Where, the secret HEAL says.
//
// What is missing is found again by each scheduled run and each caller until it is healed, and a heal takes minutes: so
// for the same things it is asked for again after 15 minutes, an hour, six hours, and then once a day, counted in D1, which
// all isolates share; when nothing is missing any more, that begins anew. What became of it is journalled. Neither the token nor what the other side said is ever part of an answer or a log.

import { log } from "#worker-kit/log.ts";
import { database } from "../database.ts";
import type { Env } from "../env.ts";
import { postJson } from "../http/json-calls.ts";
import { record } from "../journal/journal.ts";
import type { Missing } from "../routing/decide.ts";
import { githubUrl, headersFor, NOT_CONFIGURED, refusalOf, type Target, TIMEOUT_MS, targetOf } from "./heal-target.ts";

export interface HealReason {
  readonly missing: readonly Missing[];
  readonly source: "cron" | "ensure-infra" | "request";
  /** Who asked, where somebody did. */
  readonly caller?: string;
}

export interface HealAnswer {
  readonly requested: boolean;
  readonly status: "requested" | "already-requested" | "not-configured" | "failed";
  readonly detail: string;
}

const MINUTE_MS = 60_000;
/** After the first request, the second and the third; the cron may be a moment early. */
const PAUSES_MS = [15, 60, 6 * 60].map((minutes) => (minutes - 1) * MINUTE_MS);
const LONGEST_PAUSE_MS = (24 * 60 - 1) * MINUTE_MS;
/** A person who asks waits no longer than that. */
const PERSONS_PAUSE_MS = 10 * MINUTE_MS;
// ?1 the reason, ?2 now, ?3 the longest pause
const CLAIM = `
  INSERT INTO heal_requests (reason, requested_at, tries) VALUES (?1, ?2, 1)
  ON CONFLICT (reason) DO UPDATE SET requested_at = ?2, tries = tries + 1
  WHERE requested_at <= ?2 - min(?3, CASE tries
    ${PAUSES_MS.map((pause, index) => `WHEN ${index + 1} THEN ${pause}`).join(" ")} ELSE ${LONGEST_PAUSE_MS} END)`;
const ALREADY =
  "A heal of the same was asked for already. The cron asks again after 15 minutes, an hour, six hours, then once a day; " +
  "you may after 10 minutes.";
/** When each reason was last asked for by this isolate, and how often: stands in where D1 does not answer. */
const asked = new Map<string, { readonly at: number; readonly tries: number }>();

/** Asks for a heal of what is missing, unless that was done a moment ago. Never throws. */
export async function requestHeal(env: Env, reason: HealReason, requestId: string): Promise<HealAnswer> {
  const answer = await askForHeal(env, reason, requestId);
  const written: Promise<void>[] = [];
  const names = reason.missing.map(({ kind, name }) => `${kind} ${name}`).join(", ");
  record(
    { env, requestId, later: (work) => void written.push(work) },
    {
      kind: "heal",
      caller: reason.caller ?? "",
      outcome: answer.status,
      detail: names ? `${reason.source}: ${names}` : reason.source,
    },
  );
  await Promise.all(written);
  return answer;
}

async function askForHeal(env: Env, { missing, source }: HealReason, requestId: string): Promise<HealAnswer> {
  const told = (status: HealAnswer["status"], detail: string) => ({
    requested: status === "requested",
    status,
    detail,
  });
  const target = targetOf(env);
  if (!target) return told("not-configured", NOT_CONFIGURED);
  const key = missing
    .map(({ kind, name }) => `${kind} ${name}`)
    .sort()
    .join("\n");
  const now = Date.now();
  const longest = source === "cron" ? LONGEST_PAUSE_MS : PERSONS_PAUSE_MS;
  if (!(await claimRequest(env, key, now, longest, requestId))) {
    return told("already-requested", ALREADY);
  }
  const failure = await send(target, { event: "heal", source, missing, requestId }, requestId);
  if (!failure) return told("requested", "url" in target ? "The webhook took it." : "GitHub has started the workflow.");
  await releaseRequest(env, key, now, requestId);
  return told("failed", failure);
}

/** What went wrong, or undefined where it was taken. */
async function send(target: Target, event: unknown, requestId: string): Promise<string | undefined> {
  const isWebhook = "url" in target;
  const url = isWebhook ? target.url : githubUrl(target.repository, `workflows/${target.workflow}/dispatches`);
  try {
    const body = JSON.stringify(isWebhook ? event : { ref: target.ref });
    const { ok, status } = await postJson(url, body, TIMEOUT_MS, headersFor(target));
    return ok ? undefined : refusalOf(target, status);
  } catch (error) {
    log("a heal could not be asked for", requestId, (error as Error).name); // its text may have the address in it
    return refusalOf(target);
  }
}

/** Whether this is the one that may ask: of several at once, the one whose row is written. */
async function claimRequest(env: Env, key: string, now: number, longest: number, requestId: string): Promise<boolean> {
  try {
    const claim = (await database(env)).prepare(CLAIM).bind(key, now, longest);
    return (await claim.run()).meta.changes > 0;
  } catch (error) {
    log("a heal request could not be recorded", requestId, error);
    const { at, tries } = asked.get(key) ?? { at: -Infinity, tries: 0 };
    if (at > now - Math.min(PAUSES_MS[tries - 1] ?? LONGEST_PAUSE_MS, longest)) return false;
    asked.set(key, { at: now, tries: tries + 1 });
    return true;
  }
}

/** All is well: what is missing the next time is asked for at once. */
export async function forgetHealRequests(env: Env): Promise<void> {
  asked.clear();
  await (await database(env)).prepare("DELETE FROM heal_requests").run();
}

/** It was not taken, so the next one may ask again. */
async function releaseRequest(env: Env, key: string, now: number, requestId: string): Promise<void> {
  asked.delete(key);
  try {
    const statement = (await database(env)).prepare("DELETE FROM heal_requests WHERE reason = ? AND requested_at = ?");
    await statement.bind(key, now).run();
  } catch (error) {
    log("a heal request could not be taken back", requestId, error);
  }
}
