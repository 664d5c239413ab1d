// The router's API, typed by its own document (schema.d.ts is generated from router/openapi.yaml), and what a call that
// fails is thrown as.

import type { Client } from "openapi-fetch";
import { t } from "../texts.ts";
import type { Problem, paths } from "./schema.d.ts";

/** A refusal of the router: its problem document. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem> & { readonly hint?: string; readonly [member: string]: unknown },
  ) {
    super(problem.detail ?? problem.title ?? `${status}`);
  }
}

/** The router could not be reached. */
class Unreachable extends Error {
  constructor() {
    super(t.problem.unreachable);
  }
}

type ApiClient = Pick<Client<paths>, "GET" | "POST" | "DELETE">;

export interface Api {
  readonly baseUrl: string;
  readonly client: ApiClient;
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

let requests = 0;
const opened = Date.now();

/** How many requests this page has made of the router, and since when (milliseconds since 1970). */
export const cost = (): { readonly requests: number; readonly since: number } => ({ requests, since: opened });

async function counted(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  requests += 1;
  try {
    return await fetch(input, { cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable();
  }
}

/** `baseUrl` without a slash at its end; "" for the page's own origin. */
export function createApi(baseUrl: string, token: string): Api {
  const base = new URL(baseUrl || "/", location.href).href.replace(/\/$/, "");
  const headers = { authorization: `Bearer ${token}` };
  return {
    baseUrl: base,
    client: clientOf(base, headers),
    fetch: (path, init) => counted(base + path, { ...init, headers: { ...headers, ...init?.headers } }),
  };
}

interface Call {
  readonly params?: {
    readonly path?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string | number | undefined>>;
  };
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/**
 * As openapi-fetch, whose types it has: as much of it as the page needs, since all of it does not fit the component's
 * budget (docs/decisions/0064).
 */
function clientOf(base: string, headers: Readonly<Record<string, string>>): ApiClient {
  const method =
    (method: string) =>
    async (path: string, call: Call = {}) => {
      const { params: { path: names = {}, query = {} } = {}, body, signal } = call;
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name]!));
      const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
      const response = await counted(base + filled + (given.length > 0 ? `?${new URLSearchParams(given)}` : ""), {
        method,
        headers: { ...headers, ...(body ? { "content-type": "application/json" } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
        ...(signal ? { signal } : {}),
      });
      const text = await response.text();
      if (response.ok) return { data: text ? (JSON.parse(text) as unknown) : undefined, response };
      return { error: parsed(text), response };
    };
  return { GET: method("GET"), POST: method("POST"), DELETE: method("DELETE") } as unknown as ApiClient;
}

/** A refusal may be of somebody before the router, and no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return {};
  }
}

/** The data of an answer. Throws a Refusal for a refusal. */
export async function data<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok) return data as T;
  throw new Refusal(response.status, Object(error) as Refusal["problem"]);
}

/** The token for the one-time code of `make up`. Throws a Refusal for one that is not good any more. */
export async function redeem(baseUrl: string, code: string): Promise<string> {
  const { client } = createApi(baseUrl, "");
  return (await data(client.POST("/autopilot/sign-in", { body: { code } }))).token;
}
