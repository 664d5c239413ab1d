// Cloudflare's API, called with one of the stack's tokens, by default the one for diagnosis, below the account that it is for.

import type { Env } from "../env.ts";
import { checkEndpoint } from "../routing/urls.ts";

const PUBLIC_API = "https://api.cloudflare.com/client/v4";
const TIMEOUT_MS = 10_000;
/** Nobody has switched R2 on in the account: 10042 of R2's own calls, 10136 of an upload with a bucket. */
export const R2_IS_OFF: ReadonlySet<number> = new Set([10042, 10136]);

/** What came back: `status` 0 where nothing did, `code` and `message` of Cloudflare's first error. */
export interface ApiAnswer {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly result: unknown;
  readonly cursor: string | undefined;
  readonly retryAfter: string | null;
}

export const NOTHING: ApiAnswer = {
  status: 0,
  code: 0,
  message: "no answer",
  result: null,
  cursor: undefined,
  retryAfter: null,
};

/** `path` is below the account; one that begins with `//` is below the API itself. Never throws. */
export type Api = (
  method: string,
  path: string,
  options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
) => Promise<ApiAnswer>;

/** That of GraphQL has `data`, and errors without a number. */
interface Envelope {
  readonly result?: unknown;
  readonly data?: unknown;
  readonly errors?: readonly { readonly code?: number; readonly message: string }[] | null;
  readonly result_info?: { readonly cursor?: string } | null;
}

/** The API, or undefined where the stack gives the Worker no token. A plain-HTTP address is for the local stack. */
export function cloudflareApi(env: Env, token = env.CLOUDFLARE_API_TOKEN): Api | undefined {
  const { CLOUDFLARE_ACCOUNT_ID: account, CLOUDFLARE_API_URL: base = PUBLIC_API } = env;
  if (!token || !account || checkEndpoint(base, { allowLoopbackHttp: env.STAGE === "local" })) return undefined;
  return async (method, path, { body, headers } = {}) => {
    const url = path.startsWith("//") ? base + path.slice(1) : `${base}/accounts/${account}${path}`;
    let status = 0;
    try {
      const response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body ? { "content-type": "application/json" } : {}),
          ...headers,
        },
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      status = response.status;
      const retryAfter = response.headers.get("retry-after");
      const { data, result = data, errors, result_info } = (await response.json()) as Envelope;
      const { code = 0, message = "" } = errors?.[0] ?? {};
      return { status, code, message, result, cursor: result_info?.cursor, retryAfter };
    } catch {
      // No answer, or one without Cloudflare's envelope: from its edge. A success without one is none.
      return { ...NOTHING, status: status < 400 ? 0 : status };
    }
  };
}
