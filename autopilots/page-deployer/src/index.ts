// page-deployer: publishes HTML pages from R2, with versions and roll-back.
//   web.pages.deploy {slug, html}         store a version and show it
//   web.pages.deploy {slug, rollbackTo}   show an earlier version
//   web.pages.deploy {slug, action: takeDown}
//   web.pages.deploy {site, action, …}    a site of many files (sites/deploy.ts)
//   GET /p/<slug>[?version=…]             the page, public
import * as v from "valibot";
import { isObject, object, string } from "#worker-kit/validation.ts";
import { type Call, serve } from "../../shared/serve.ts";
import { answerStored, links } from "../../shared/stored.ts";
import { oneOf, validate } from "../../shared/validate.ts";
import type { Env } from "./env.ts";
import { currentVersion, deployPage, loadVersion, rollBackPage, takeDownPage } from "./pages.ts";
import { deploySite, isSiteAction, NAME, takeContent } from "./sites/deploy.ts";
import { showSite } from "./sites/show.ts";

/** Earlier versions of this Worker cut the hash to 16 digits; those stay what they are. */
const VERSION = /^(?:[0-9a-f]{16}|[0-9a-f]{64})$/;

const META_SLUG = string(NAME, { max: 63, message: "must be 1 to 63 of a-z, 0-9 and single hyphens between them" });
const META = v.pipe(
  object({
    slug: META_SLUG,
    html: v.optional(string(/\S/, { max: 1024 * 1024, message: "must be a page's HTML" })),
    rollbackTo: v.optional(string(VERSION, { max: 64, message: "must be a version, of 64 hex digits" })),
  }),
  v.check(
    ({ html, rollbackTo }) => (html === undefined) !== (rollbackTo === undefined),
    "needs either html or rollbackTo",
  ),
);

/** Its old versions too. */
const PAGE_TO_TAKE_DOWN = object({ action: oneOf("takeDown"), slug: META_SLUG });

// Pages come from many authors and share one origin: the sandbox gives each an origin of its own, so that a page's
// script can read neither another page nor what it stores.
const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "sandbox allow-scripts allow-forms allow-popups allow-downloads; base-uri 'none'; object-src 'none'; " +
    "frame-ancestors 'none'",
  "referrer-policy": "strict-origin-when-cross-origin",
};

async function deploy({ env, meta }: Call<Env>): Promise<Response> {
  const action = isObject(meta) ? meta.action : undefined;
  if (isSiteAction(action) && !(isObject(meta) && "slug" in meta)) return await deploySite(env, action, meta);
  if (action !== undefined) {
    const { slug } = validate(PAGE_TO_TAKE_DOWN, meta);
    const deleted = await takeDownPage(env.EFH_PAGES, slug);
    return Response.json({ slug, version: null, deletedVersions: deleted });
  }
  const { slug, html, rollbackTo } = validate(META, meta);
  const page =
    html === undefined
      ? await rollBackPage(env.EFH_PAGES, slug, rollbackTo ?? "")
      : await deployPage(env.EFH_PAGES, slug, html);
  const version = page.current;
  return Response.json({ slug, version, etag: etagOf(version), ...links(env, `/p/${slug}`), versions: page.versions });
}

async function page(request: Request, url: URL, env: Env): Promise<Response | null> {
  const ofSite = await showSite(request, url, env);
  if (ofSite) return ofSite;
  const slug = url.pathname.startsWith("/p/") ? url.pathname.slice("/p/".length) : "";
  if (!NAME.test(slug)) return null;
  const asked = url.searchParams.get("version");
  if (asked !== null && !VERSION.test(asked)) return null;
  const version = asked ?? (await currentVersion(env.EFH_PAGES, slug));
  if (version === null) return null;
  // A version never changes; which one is shown does, so that is asked every time.
  const caching = asked ? "public, max-age=31536000, immutable" : "no-cache";
  const headers = { ...PAGE_HEADERS, "cache-control": caching };
  return await answerStored(request, etagOf(version), headers, () => loadVersion(env.EFH_PAGES, slug, version));
}

function etagOf(version: string): string {
  return `"${version}"`;
}

export default serve<Env>({
  capabilities: { "web.pages.deploy": deploy },
  required: ["EFH_PAGES"],
  page,
  other: takeContent,
});
