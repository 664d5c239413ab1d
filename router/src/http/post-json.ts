// JSON to an address of others: people's channels, callers' webhooks, whoever is asked for a heal.

/** How it was answered. The answer is not read, and a redirect is one; throws where there is none in time. */
export async function postJson(
  url: string,
  body: string,
  timeoutMs: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<Pick<Response, "ok" | "status">> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  await response.body?.cancel();
  return response;
}
