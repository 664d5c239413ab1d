// Calls to other companies' APIs (mail, Stripe): one try, a time limit, and an honest problem. `outcome` says
// whether the other side may have acted: `rejected` it has not, `unknown` it may have, so a repeat needs the same
// idempotency key.
import { Problem } from "#worker-kit/problem.ts";
import { isObject } from "#worker-kit/validation.ts";
import { notConfigured } from "./problem.ts";

const TIMEOUT_MS = 15_000;

export interface ExternalCall {
  /** What it is, for messages: "the mail service". */
  service: string;
  url: string;
  /** The bearer token. */
  key: string;
  /** Of a POST; without `body` it is a GET. */
  idempotencyKey?: string;
  body?: string | URLSearchParams;
}

/** The call, and the JSON object that came back; throws a problem for anything but 2xx. */
export async function callExternal(call: ExternalCall): Promise<Record<string, unknown>> {
  const response = await send(call);
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok && isObject(answer)) return answer;
  const { service } = call;
  if (response.status === 429) {
    throw new Problem({
      status: 503,
      title: "Upstream busy",
      detail: `${service} takes no more calls now.`,
      members: { outcome: "rejected" },
      headers: { "retry-after": response.headers.get("retry-after") ?? "30" },
    });
  }
  if (response.status >= 400 && response.status < 500 && !isRepeat(response.status, answer)) {
    const detail = `${service} answered ${response.status}${reason(response.status, answer)}.`;
    const members = { outcome: "rejected", upstreamStatus: response.status };
    throw new Problem({ status: 502, title: "Upstream refused", detail, members });
  }
  const detail = `${service} answered ${response.status} in a way that was not understood.`;
  const members = { outcome: "unknown", upstreamStatus: response.status };
  throw new Problem({ status: 502, title: "Upstream failed", detail, members });
}

async function send({ service, url, key, idempotencyKey, body }: ExternalCall): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${key}` };
  if (idempotencyKey !== undefined) headers["idempotency-key"] = idempotencyKey;
  if (typeof body === "string") headers["content-type"] = "application/json";
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const method = body === undefined ? "GET" : "POST";
    return await fetch(url, { method, headers, body: body ?? null, redirect: "manual", signal });
  } catch (error) {
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    const why = timedOut ? `did not answer within ${TIMEOUT_MS / 1000} s` : "could not be reached";
    throw new Problem({
      status: timedOut ? 504 : 502,
      title: "Upstream failed",
      detail: `${service} ${why}.`,
      members: { outcome: "unknown" },
    });
  }
}

/** It refuses because the idempotency key has been used: then an earlier call with it may have done it. */
function isRepeat(status: number, answer: unknown): boolean {
  const error = isObject(answer) && isObject(answer.error) ? answer.error : {};
  return status === 409 || error.type === "idempotency_error";
}

/** What the service said, except about its keys: such a message may quote part of the key. */
function reason(status: number, answer: unknown): string {
  if (status === 401 || status === 403) return ": it does not accept the key";
  const error = isObject(answer) && isObject(answer.error) ? answer.error : answer;
  return isObject(error) && typeof error.message === "string" ? `: ${error.message.slice(0, 500)}` : "";
}

/** The address of an external API. HTTPS only; plain HTTP to loopback on the local stack, where stand-ins run. */
export function externalUrl(name: string, value: string, stage: string | undefined): string {
  const url = URL.parse(value);
  const local = stage === "local" && url?.protocol === "http:" && ["127.0.0.1", "localhost"].includes(url.hostname);
  if (url === null || (url.protocol !== "https:" && !local)) {
    throw notConfigured([name], "it must be an https:// address.");
  }
  return url.href;
}
