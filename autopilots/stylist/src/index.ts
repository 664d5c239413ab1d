// ai-stylist: branded pages and marketing assets.
//   web.pages.generate {title, …}           an HTML page, in the answer and stored as a draft; page-deployer publishes it
//   web.asset.generate {brand, format, …}   an SVG, stored in R2
//                                           or a picture by Workers AI, where `format` is `picture`
//   GET /a/<name>.svg                       the asset, public
//   GET /d/<name>.html                      the draft, for whoever was given its name
//   GET /i/<name>.jpg                       the picture, public
import * as v from "valibot";
import { sha256 } from "#worker-kit/hash.ts";
import { integer, object } from "#worker-kit/validation.ts";
import { type Call, serve } from "../../shared/serve.ts";
import { answerStored, links } from "../../shared/stored.ts";
import { oneOf, text, validate } from "../../shared/validate.ts";
import { FORMATS, renderAsset } from "./asset.ts";
import { BRAND_PARTS, brandOf } from "./brand.ts";
import { objectSchema, textSchema, writeCopy } from "./copy.ts";
import { draft, generatePage } from "./draft.ts";
import type { Env } from "./env.ts";
import { makePicture, showPicture } from "./picture.ts";

const ASSET_META = object({
  brand: v.optional(BRAND_PARTS, {}),
  /** `picture`: drawn by a model, without text. */
  format: v.optional(oneOf(...(Object.keys(FORMATS) as (keyof typeof FORMATS)[]), "picture"), "card"),
  /** Of a picture: another number is another picture. */
  seed: v.optional(integer({ min: 0, max: 2 ** 32 - 1 }), 0),
  /** What it advertises: the headline of the template, or what AI writes from. */
  subject: text({ max: 120 }),
  headline: v.optional(text({ max: 120 })),
  subline: v.optional(text({ max: 200 })),
});
const ASSET_COPY = object({ headline: text({ max: 80 }), subline: text({ max: 140 }) });

async function generateAsset({ env, meta }: Call<Env>): Promise<Response> {
  const { brand: given, format, seed, subject, headline, subline } = validate(ASSET_META, meta);
  if (format === "picture") return await makePicture(env, { prompt: subject, seed });
  const brand = brandOf(env, given);
  const { copy, ...how } = await writeCopy(headline ? null : env, {
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
  if (!name) return (await draft(request, url, env)) ?? (await showPicture(request, url, env));
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
  required: ["EFH_ASSETS", "EFH_IMAGES"],
  page,
});
