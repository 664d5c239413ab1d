// ai-stylist: branded pages and marketing assets.
//   web.pages.generate {brand, title, …}    an HTML page, in the answer; page-deployer publishes it
//   web.asset.generate {brand, format, …}   an SVG, stored in R2
//   GET /a/<name>.svg                       the asset, public
import * as v from "valibot";
import { sha256 } from "#worker-kit/hash.ts";
import { list, object, string } from "#worker-kit/validation.ts";
import { type BaseEnv, type Call, serve } from "../../shared/serve.ts";
import { answerStored, type Links, links } from "../../shared/stored.ts";
import { httpsUrl, lines, oneOf, text, validate } from "../../shared/validate.ts";
import { FORMATS, renderAsset } from "./asset.ts";
import { BRAND } from "./brand.ts";
import { writeCopy } from "./copy.ts";
import { renderPage } from "./page.ts";

interface Env extends BaseEnv, Links {
  EFH_ASSETS: R2Bucket;
  AI?: Ai;
}

const LANGUAGE = /^[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/;
const SECTION = object({ heading: text({ max: 120 }), text: lines({ max: 5000 }) });
const PAGE_META = object({
  brand: BRAND,
  title: text({ max: 120 }),
  /** What the page is about: the opening paragraph of the template, or what AI writes from. */
  brief: v.optional(text({ max: 1000 })),
  sections: v.optional(list(SECTION, { max: 20 })),
  callToAction: v.optional(object({ label: text({ max: 60 }), href: httpsUrl })),
  language: v.optional(string(LANGUAGE, { max: 35, message: "must be a language such as en" }), "en"),
});
const PAGE_COPY = object({ lead: text({ max: 600 }), sections: list(SECTION, { min: 1, max: 6 }) });

const ASSET_META = object({
  brand: BRAND,
  format: v.optional(oneOf(...(Object.keys(FORMATS) as (keyof typeof FORMATS)[])), "card"),
  /** What it advertises: the headline of the template, or what AI writes from. */
  subject: text({ max: 120 }),
  headline: v.optional(text({ max: 120 })),
  subline: v.optional(text({ max: 200 })),
});
const ASSET_COPY = object({ headline: text({ max: 80 }), subline: text({ max: 140 }) });

const textSchema = { type: "string" };
const objectSchema = (properties: Record<string, unknown>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** Sections that the caller gives are shown as they are; only a page without them is written. */
async function generatePage({ env, meta }: Call<Env>): Promise<Response> {
  const { brand, title, brief, sections, callToAction, language } = validate(PAGE_META, meta);
  const { copy, ...how } = await writeCopy(sections ? undefined : env.AI, {
    instruction: `Write a web page in the language ${language}: one opening paragraph and three short sections.`,
    subject: { brand: brand.name, tagline: brand.tagline, title, brief },
    schema: objectSchema({
      lead: textSchema,
      sections: { type: "array", items: objectSchema({ heading: textSchema, text: textSchema }) },
    }),
    rules: PAGE_COPY,
    template: { lead: brief ?? brand.tagline ?? title, sections: sections ?? [] },
  });
  return Response.json({ title, html: renderPage({ brand, language, title, callToAction, ...copy }), ...how });
}

async function generateAsset({ env, meta }: Call<Env>): Promise<Response> {
  const { brand, format, subject, headline, subline } = validate(ASSET_META, meta);
  const { copy, ...how } = await writeCopy(headline ? undefined : env.AI, {
    instruction: "Write a headline of at most 8 words and one line below it for a marketing picture.",
    subject: { brand: brand.name, tagline: brand.tagline, subject },
    schema: objectSchema({ headline: textSchema, subline: textSchema }),
    rules: ASSET_COPY,
    template: { headline: headline ?? subject, subline: subline ?? brand.tagline ?? "" },
  });
  const svg = renderAsset({ brand, format, ...copy });
  const name = await sha256(svg, 16);
  await env.EFH_ASSETS.put(storageKey(name), svg, { httpMetadata: { contentType: "image/svg+xml" } });
  const [width, height] = FORMATS[format];
  const published = { name: `${name}.svg`, etag: etagOf(name), ...links(env, `/a/${name}.svg`) };
  return Response.json({ ...published, contentType: "image/svg+xml", width, height, ...how }, { status: 201 });
}

// Opened as a page of its own, an SVG may run scripts; ours have none, and nothing is allowed to them.
const ASSET_HEADERS = {
  "content-type": "image/svg+xml",
  "content-security-policy": "default-src 'none'; sandbox",
  "cache-control": "public, max-age=31536000, immutable",
};

async function page(request: Request, url: URL, env: Env): Promise<Response | null> {
  const name = /^\/a\/([0-9a-f]{16})\.svg$/.exec(url.pathname)?.[1];
  if (!name) return null;
  return await answerStored(request, etagOf(name), ASSET_HEADERS, () => env.EFH_ASSETS.get(storageKey(name)));
}

function storageKey(name: string): string {
  return `assets/${name}.svg`;
}

function etagOf(name: string): string {
  return `"${name}"`;
}

export default serve<Env>({
  capabilities: { "web.pages.generate": generatePage, "web.asset.generate": generateAsset },
  required: ["EFH_ASSETS"],
  optional: [],
  page,
});
