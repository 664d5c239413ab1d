// Asks for a task. Its answer is the autopilot's own: any status, any type; so it is kept as it came.

import { type Api, data, Refusal } from "./client.ts";
import type { Decision, PlanRequest } from "./schema.d.ts";

export interface TaskRequest {
  readonly task: string;
  readonly meta: Record<string, unknown>;
  /** The Idempotency-Key of what must not be done twice. */
  readonly key: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly autopilot: string;
  readonly isReplayed: boolean;
  readonly durationMs: number;
  /** Of text and JSON. */
  readonly text: string | undefined;
  /** A picture, as an address of this page. */
  readonly picture: string | undefined;
}

const TEXT = /^(text\/|application\/(json|xml|.*\+json|.*\+xml|javascript))/;

/** Throws a Refusal where the router did not forward it, or the autopilot did not answer. */
export async function runTask(api: Api, { task, meta, key }: TaskRequest): Promise<Answer> {
  const begun = performance.now();
  const response = await api.fetch("/autopilot/plan", {
    method: "POST",
    headers: { "content-type": "application/json", ...(key ? { "idempotency-key": key } : {}) },
    body: JSON.stringify({ task, meta }),
  });
  const autopilot = response.headers.get("x-autopilot");
  const type = response.headers.get("content-type")?.toLowerCase() ?? "";
  if (!autopilot && !response.ok) {
    throw new Refusal(response.status, (await response.json().catch(() => ({}))) as Refusal["problem"]);
  }
  const isPicture = type.startsWith("image/");
  const body = await response.blob();
  return {
    status: response.status,
    type,
    headers: [...response.headers],
    autopilot: autopilot ?? "",
    isReplayed: response.headers.has("idempotency-replayed"),
    durationMs: performance.now() - begun,
    text: TEXT.test(type) || type.startsWith("image/svg") ? await body.text() : undefined,
    picture: isPicture ? URL.createObjectURL(body) : undefined,
  };
}

export function explainTask({ client }: Api, { task, meta }: TaskRequest): Promise<Decision> {
  // The document has the autopilots' own answers there too, which may be anything.
  const body = { task, meta, explain: true } as unknown as PlanRequest;
  return data(client.POST("/autopilot/plan", { body })) as Promise<Decision>;
}
