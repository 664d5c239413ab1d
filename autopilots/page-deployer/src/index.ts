// page-deployer: publishes HTML pages from R2, with versions and roll-back.
//   web.pages.deploy {slug, html}         store a version and show it
//   web.pages.deploy {slug, rollbackTo}   show an earlier version
//   GET /p/<slug>[?version=…]             the page, public
import * as v from "valibot";
import { object, string } from "#worker-kit/validation.ts";
import { type BaseEnv, type Call, serve } from "../../shared/serve.ts";
import { answerStored, type Links, links } from "../../shared/stored.ts";
import { validate } from "../../shared/validate.ts";
import { currentVersion, deployPage, loadVersion, rollBackPage } from "./pages.ts";

interface Env extends BaseEnv, Links {
  EFH_PAGES: R2Bucket;
}

const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const VERSION = /^[0-9a-f]{16}$/;

const META = v.pipe(
  object({
    slug: string(SLUG, { max: 63, message: "must be 1 to 63 of a-z, 0-9 and single hyphens between them" }),
    html: v.optional(string(/\S/, { max: 1024 * 1024, message: "must be a page's HTML" })),
    rollbackTo: v.optional(string(VERSION, { max: 16, message: "must be a version such as 0123456789abcdef" })),
  }),
  v.check(
    ({ html, rollbackTo }) => (html === undefined) !== (rollbackTo === undefined),
    "needs either html or rollbackTo",
  ),
);

// Pages come from many authors and share one origin: the sandbox gives each an origin of its own, so that a page's
// script can read neither another page nor what it stores.
const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy":
    "sandbox allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox " +
    "allow-top-navigation-by-user-activation allow-downloads; base-uri 'none'; object-src 'none'",
  "referrer-policy": "strict-origin-when-cross-origin",
};

async function deploy({ env, meta }: Call<Env>): Promise<Response> {
  const { slug, html, rollbackTo } = validate(META, meta);
  const page =
    html === undefined
      ? await rollBackPage(env.EFH_PAGES, slug, rollbackTo ?? "")
      : await deployPage(env.EFH_PAGES, slug, html);
  const version = page.current;
  return Response.json({ slug, version, etag: etagOf(version), ...links(env, `/p/${slug}`), versions: page.versions });
}

async function page(request: Request, url: URL, env: Env): Promise<Response | null> {
  const slug = url.pathname.startsWith("/p/") ? url.pathname.slice("/p/".length) : "";
  if (!SLUG.test(slug)) return null;
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
  optional: [],
  page,
});
