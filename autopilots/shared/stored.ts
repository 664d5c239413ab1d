// What an autopilot publishes: its address, and conditional answers (RFC 9110, section 13) for GET and HEAD.

/** A Worker reached by service binding cannot see its public host, so the whole URL is known only where it is bound. */
export interface Links {
  PUBLIC_URL?: string;
}

/** `path` always; `url` where PUBLIC_URL is set. */
export function links(env: Links, path: string): { path: string; url?: string } {
  return env.PUBLIC_URL ? { path, url: new URL(path, env.PUBLIC_URL).href } : { path };
}

/** Answer with `object`'s bytes, or 304 when the client has them. `load` is called only when the bytes are wanted. */
export async function answerStored(
  request: Request,
  etag: string,
  headers: Record<string, string>,
  load: () => Promise<R2ObjectBody | null>,
): Promise<Response | null> {
  const all = { ...headers, etag, "x-content-type-options": "nosniff" };
  if (hasCurrent(request.headers.get("if-none-match"), etag)) return new Response(null, { status: 304, headers: all });
  const object = await load();
  if (object === null) return null;
  // For HEAD the runtime sends the headers, with the length, and leaves the body out.
  return new Response(object.body, { headers: { ...all, "content-length": String(object.size) } });
}

/** Whether If-None-Match names this ETag. */
export function hasCurrent(ifNoneMatch: string | null, etag: string): boolean {
  const tags = (ifNoneMatch ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}
