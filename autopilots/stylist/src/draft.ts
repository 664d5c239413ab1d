// Pages: written, rendered, and stored as drafts.
import { sha256 } from "#worker-kit/hash.ts";
import type { Call } from "../../shared/serve.ts";
import { answerStored, links } from "../../shared/stored.ts";
import { validate } from "../../shared/validate.ts";
import { brandOf } from "./brand.ts";
import { objectSchema, textSchema, writeCopy } from "./copy.ts";
import type { Env } from "./env.ts";
import { renderPage } from "./page.ts";
import { KINDS, openingOf, PAGE_COPY, PAGE_META, type PageCopy } from "./spec.ts";

/** Sections that the caller gives are shown as they are; only a page without them is written. */
export async function generatePage({ env, meta, later }: Call<Env>): Promise<Response> {
  const asked = validate(PAGE_META, meta);
  const { pageType, sections, callToAction, language } = asked;
  const brand = brandOf(env, asked.brand);
  const opening = openingOf(asked, brand);
  const { copy, ...how } = await writeCopy<PageCopy>(sections ? null : env, {
    instruction:
      `Write a web page of the type ${pageType} in the language ${language}: a title, one opening paragraph and three ` +
      `to six sections. A section's kind says how it is shown: ${KINDS.join(", ")}; its items have no markup.`,
    subject: {
      brand: brand.name,
      tagline: brand.tagline,
      title: asked.title,
      description: opening.lead || opening.title,
    },
    schema: COPY_SCHEMA,
    rules: PAGE_COPY,
    template: { ...opening, sections: sections ?? [] },
  });
  const title = asked.title ?? copy.title ?? opening.title;
  // What a model says twice is said once.
  const lead = how.source === "ai" && copy.lead.trim() === title ? "" : copy.lead;
  const html = await renderPage({ spec: { pageType, callToAction, ...copy, lead, title }, brand, language });
  const name = await sha256(html);
  await env.EFH_ASSETS.put(storageKey(name), html, { httpMetadata: { contentType: "text/html; charset=utf-8" } });
  later(sweep(env));
  const stored = { name: `${name}.html`, etag: etagOf(name), ...links(env, `/d/${name}.html`) };
  return Response.json({ pageType, title, language, status: "draft", ...stored, html, ...how }, { status: 201 });
}

const ITEM_SCHEMA = { heading: textSchema, text: textSchema };
const COPY_SCHEMA = objectSchema({
  title: textSchema,
  lead: textSchema,
  sections: {
    type: "array",
    items: objectSchema({
      kind: { type: "string", enum: KINDS },
      ...ITEM_SCHEMA,
      items: { type: "array", items: objectSchema(ITEM_SCHEMA) },
    }),
  },
});

// Its name is the hash of all that it says, so nobody finds it who was not given it; search engines are told as well.
const DRAFT_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  // The page's own policy, by which only its own style is applied, holds as well.
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-robots-tag": "noindex",
  "cache-control": "private, max-age=3600",
};

export async function draft(request: Request, url: URL, env: Env): Promise<Response | null> {
  const name = /^\/d\/([0-9a-f]{64})\.html$/.exec(url.pathname)?.[1];
  if (!name) return null;
  const stored = await env.EFH_ASSETS.head(storageKey(name));
  if (!stored || isOld(stored, env)) return null;
  return await answerStored(request, etagOf(name), DRAFT_HEADERS, () => env.EFH_ASSETS.get(storageKey(name)));
}

/** That many days a draft is there, unless `DRAFT_DAYS` says otherwise. */
const DRAFT_DAYS = 30;
const SWEPT_AT_ONCE = 100;

function isOld({ uploaded }: R2Object, env: Env): boolean {
  return Date.now() - uploaded.getTime() >= Number(env.DRAFT_DAYS ?? DRAFT_DAYS) * 24 * 60 * 60 * 1000;
}

/**
 * Delete old drafts among some that lie together. Names are hashes, so from a random one on each is looked at as often as
 * any other; each new draft has many times as many looked at, so old ones do not gather. It needs no cron trigger, of which
 * an account has five.
 */
async function sweep(env: Env): Promise<void> {
  const from = crypto.getRandomValues(new Uint8Array(4)).toHex();
  const page = await env.EFH_ASSETS.list({ prefix: "drafts/", startAfter: `drafts/${from}`, limit: SWEPT_AT_ONCE });
  const old = page.objects.filter((object) => isOld(object, env)).map(({ key }) => key);
  if (old.length > 0) await env.EFH_ASSETS.delete(old);
}

function storageKey(name: string): string {
  return `drafts/${name}.html`;
}

function etagOf(name: string): string {
  return `"${name}"`;
}
