// GET and HEAD of a site: /s/<site>/<path> shows what is active, /v/<site>/<version>/<path> one version, for who was given
// its name, as long as the site is not taken down. Conditional and range requests by RFC 9110.
import { Problem } from "#worker-kit/problem.ts";
import { hasCurrent } from "../../../shared/stored.ts";
import type { Env } from "../env.ts";
import { find } from "./manifest.ts";
import { mediaTypeOf } from "./media-types.ts";
import { contentKey, readManifest, readPointer } from "./store.ts";

// Sites come from many authors and share one origin: the sandbox gives each an origin of its own, with no way out of it, and
// only files of the site run as scripts.
const POLICY =
  "default-src 'self'; img-src 'self' data: https:; media-src 'self' https:; style-src 'self' 'unsafe-inline'; " +
  "font-src 'self' data:; connect-src 'self' https:; form-action 'self' https:; base-uri 'none'; object-src 'none'; " +
  "frame-ancestors 'none'; sandbox allow-scripts allow-forms allow-popups allow-downloads";

interface Asked {
  readonly site: string;
  /** Null for what is active. */
  readonly version: string | null;
  readonly path: string;
  /** What stands before it in the URL. */
  readonly base: string;
}

/** Null for a path of nothing of a site's. */
export async function showSite(request: Request, url: URL, env: Env): Promise<Response | null> {
  const asked = read(url.pathname);
  if (!asked) return null;
  const { EFH_PAGES: bucket } = env;
  const { site, base } = asked;
  const active = (await readPointer(bucket, site))?.pointer.active ?? null;
  if (active === null) return null;
  const manifest = await readManifest(bucket, site, asked.version ?? active);
  if (!manifest) return null;
  if (asked.path === "") return redirect(`${base}/${url.search}`, 308);
  const found = find(manifest, asked.path);
  if (found.kind === "none") return null;
  if (found.kind === "redirect") {
    const isOwn = found.to.startsWith("/");
    return redirect(isOwn ? base + found.to + (found.to.includes("?") ? "" : url.search) : found.to, found.status);
  }
  const file = manifest.files[found.path]!;
  return await serveFile(request, env, {
    site,
    ...file,
    path: found.path,
    status: found.status,
    isVersion: asked.version !== null,
  });
}

interface Shown {
  site: string;
  path: string;
  sha256: string;
  size: number;
  status: 200 | 404;
  isVersion: boolean;
}

async function serveFile(request: Request, env: Env, file: Shown): Promise<Response | null> {
  const { site, path, sha256, size, status, isVersion } = file;
  const etag = `"${sha256}"`;
  const headers: Record<string, string> = {
    etag,
    "content-type": mediaTypeOf(path),
    "accept-ranges": "bytes",
    "cache-control": isVersion ? "public, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": POLICY,
    // The sandbox has no origin, and modules and fonts are fetched across origins.
    "access-control-allow-origin": "*",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
    ...(isVersion ? { "x-robots-tag": "noindex" } : {}),
  };
  if (status === 200 && hasCurrent(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  const isRanged = status === 200 && request.method === "GET" && isSame(request.headers.get("if-range"), etag);
  const range = isRanged ? rangeOf(request.headers.get("range"), size) : null;
  if (range === "none") {
    headers["content-range"] = `bytes */${size}`;
    throw new Problem({ status: 416, title: "Range not satisfiable", detail: `The file has ${size} bytes.`, headers });
  }
  const object = await env.EFH_PAGES.get(contentKey(site, sha256), range ? { range } : {});
  if (!object) return null;
  if (!range) return new Response(object.body, { status, headers: { ...headers, "content-length": String(size) } });
  headers["content-range"] = `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`;
  return new Response(object.body, { status: 206, headers: { ...headers, "content-length": String(range.length) } });
}

function read(pathname: string): Asked | null {
  const found = /^\/(?:s\/([a-z0-9-]{1,63})|v\/([a-z0-9-]{1,63})\/([0-9a-f]{64}))(\/.*)?$/.exec(pathname);
  if (!found) return null;
  const [, shown, versioned, version = null, rest = ""] = found;
  const base = pathname.slice(0, pathname.length - rest.length);
  try {
    return { site: shown ?? versioned ?? "", version, path: decodeURIComponent(rest), base };
  } catch {
    return null;
  }
}

/** If-Range: a range is of use only of what the client has the rest of. */
function isSame(ifRange: string | null, etag: string): boolean {
  return ifRange === null || ifRange === etag;
}

/** The one range that is asked for; null where the whole is to be sent, `none` where it is outside. */
function rangeOf(header: string | null, size: number): { offset: number; length: number } | "none" | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!found || (found[1] === "" && found[2] === "")) return null;
  const [first, last] = [found[1], found[2]].map((text) => (text === "" ? undefined : Number(text)));
  if (first === undefined) {
    const length = Math.min(last ?? 0, size);
    return length === 0 ? "none" : { offset: size - length, length };
  }
  if (last !== undefined && last < first) return null;
  if (first >= size) return "none";
  return { offset: first, length: Math.min(last ?? size - 1, size - 1) - first + 1 };
}

function redirect(location: string, status: number): Response {
  return new Response(null, { status, headers: { location, "cache-control": "no-cache" } });
}
