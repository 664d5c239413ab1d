// JSON to and from an address of others: people's channels, callers' webhooks, whoever is asked for a heal.

type Headers = Readonly<Record<string, string>>;

/** How it was answered. The answer is not read, and a redirect is one; throws where there is none in time. */
export async function postJson(
  url: string,
  body: string,
  timeoutMs: number,
  headers: Headers = {},
): Promise<Pick<Response, "ok" | "status">> {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
  const response = await call(url, timeoutMs, init);
  await response.body?.cancel();
  return response;
}

/** What was answered, null where it is no JSON; throws where there is no answer in time. */
export async function getJson(
  url: string,
  timeoutMs: number,
  headers: Headers,
): Promise<{ readonly ok: boolean; readonly status: number; readonly said: unknown }> {
  const response = await call(url, timeoutMs, { headers });
  const said: unknown = await response.json().catch(() => null);
  return { ok: response.ok, status: response.status, said };
}

function call(url: string, timeoutMs: number, init: RequestInit): Promise<Response> {
  return fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
}
