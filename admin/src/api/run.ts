// Asks for a task. Its answer is the autopilot's own: any status, any type; so it is kept as it came.

import { type Api, data, Refusal } from "./client.ts";
import type { Decision, PlanRequest, Run } from "./schema.d.ts";

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
  /** The run that goes on after the answer. */
  readonly run: string | undefined;
}

const ACCEPTED = 202;
const TEXT = /^(text\/|application\/(json|xml|.*\+json|.*\+xml|javascript))/;

/**
 * `onText` is told the text so far, as it comes. Throws a Refusal where the router did not forward it, or the autopilot did
 * not answer.
 */
export async function runTask(
  api: Api,
  { task, meta, key }: TaskRequest,
  onText: (text: string) => void,
): Promise<Answer> {
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
  const body = isPicture ? await response.blob() : undefined;
  return {
    status: response.status,
    type,
    headers: [...response.headers],
    autopilot: autopilot ?? "",
    isReplayed: response.headers.has("idempotency-replayed"),
    text: TEXT.test(type)
      ? await textOf(response, onText)
      : type.startsWith("image/svg")
        ? await body?.text()
        : undefined,
    picture: body && URL.createObjectURL(body),
    durationMs: performance.now() - begun,
    run: response.status === ACCEPTED ? (response.headers.get("x-run-id") ?? undefined) : undefined,
  };
}

async function textOf({ body }: Response, onText: (text: string) => void): Promise<string> {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    text += part.value;
    onText(text);
  }
  return text;
}

/** What the autopilot answered to a run that nobody waited for; undefined where that is not kept, or not the caller's. */
export function answerOf({ result, autopilot, startedAt, finishedAt }: Run): Answer | undefined {
  if (!result) return undefined;
  const { status, body, base64 } = result;
  const type = result.type?.toLowerCase() ?? "";
  return {
    ...{ status, type, autopilot, headers: [], isReplayed: false, run: undefined },
    durationMs: Date.parse(finishedAt ?? "") - Date.parse(startedAt ?? ""),
    text: base64 ? undefined : typeof body === "string" ? body : JSON.stringify(body, null, 2),
    picture: base64 && type.startsWith("image/") ? `data:${type};base64,${base64}` : undefined,
  };
}

export function explainTask({ client }: Api, { task, meta }: TaskRequest): Promise<Decision> {
  // The document has the autopilots' own answers there too, which may be anything.
  const body = { task, meta, explain: true } as unknown as PlanRequest;
  return data(client.POST("/autopilot/plan", { body })) as Promise<Decision>;
}
