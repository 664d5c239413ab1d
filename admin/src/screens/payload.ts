// What a task is asked for with: the last of each task is kept, and it is told as a command.

import { KEPT } from "../session.tsx";

export type Meta = Record<string, unknown>;

export const isObject = (value: unknown): value is Meta =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The last payload of each task, until the tab is closed. */
const storageKey = (task: string) => `${KEPT}meta ${task}`;

export function lastMeta(task: string): Meta {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(storageKey(task)) ?? "{}");
    return isObject(kept) ? kept : {};
  } catch {
    return {};
  }
}

export function keepMeta(task: string, meta: Meta): void {
  try {
    sessionStorage.setItem(storageKey(task), JSON.stringify(meta));
  } catch {
    // storage is forbidden or full: then it is not kept
  }
}

/** For a shell in which `make shell` was evaluated: the token is not in it. */
export function curlOf(
  baseUrl: string,
  { task, meta, key }: { task: string; meta: Meta; key: string | undefined },
): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    `curl ${quoted(`${baseUrl}/autopilot/plan`)}`,
    `-H "Authorization: Bearer $ORCHESTRATOR_TOKEN"`,
    ...(key ? [`-H ${quoted(`Idempotency-Key: ${key}`)}`] : []),
    `--json ${quoted(JSON.stringify({ task, meta }))}`,
  ].join(" \\\n  ");
}
