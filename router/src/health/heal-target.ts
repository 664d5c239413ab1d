// Who is asked for heals, and how it is called: a workflow of GitHub's, or a webhook. Neither the token nor what the
// other side says of a refusal is ever part of an answer or a log.

import type { Env } from "../env.ts";

/** The content of HEAL; orchestrator/stack/watch_rules.py checks it. */
export type Target =
  | { readonly url: string; readonly statusUrl?: string; readonly token?: string }
  | { readonly repository: string; readonly workflow: string; readonly ref: string; readonly token: string };

export const TIMEOUT_MS = 10_000;
export const NOT_CONFIGURED =
  "Nothing says where a heal is to be asked for. " +
  'Set it: `pulumi config set --secret heal \'{"repository": "owner/name", "workflow": "heal.yml", ' +
  '"token": "…"}\'`, then run `pulumi up`.';
/** What GitHub's refusals mean. */
const GITHUB: Readonly<Record<number, string>> = {
  401: "The token is not valid (any more).",
  403: "The token lacks the permission “Actions: read and write”.",
  404: "The repository or the workflow is not there, or the token does not see it.",
  422: "The branch is not there, or the workflow has no workflow_dispatch trigger.",
};

export function targetOf({ HEAL }: Env): Target | undefined {
  try {
    return JSON.parse(HEAL ?? "") as Target;
  } catch {
    return undefined;
  }
}

/** Of GitHub's API: `path` below the repository. */
export function githubUrl(repository: string, path: string): string {
  return `https://api.github.com/repos/${repository}/actions/${path}`;
}

export function headersFor(target: Target): Readonly<Record<string, string>> {
  const isWebhook = "url" in target;
  return {
    accept: isWebhook ? "application/json" : "application/vnd.github+json",
    "user-agent": "autopilot-orchestrator", // GitHub refuses a request without one
    ...(target.token ? { authorization: `Bearer ${target.token}` } : {}),
    ...(isWebhook ? {} : { "x-github-api-version": "2022-11-28" }),
  };
}

/** `status` undefined: there was none. */
export function refusalOf(target: Target, status?: number): string {
  const who = "url" in target ? "The webhook" : "GitHub";
  if (status === undefined) return `${who} did not answer.`;
  return `${who} answered ${status}. ${("url" in target ? undefined : GITHUB[status]) ?? ""}`.trim();
}
