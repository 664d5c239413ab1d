// A branded page as one HTML document: no script, no external resource, readable on a phone, in light and dark, on paper,
// by keyboard and by a screen reader, from left to right and from right to left. It is the trusted part: what it is given
// is data, and every text is escaped.
import { type Markup, markup } from "../../shared/markup.ts";
import { renderBlock } from "./blocks.ts";
import type { Brand } from "./brand.ts";
import { directionOf } from "./direction.ts";
import { element } from "./element.ts";
import { layOut, type PageSpec } from "./spec.ts";
import { style } from "./style.ts";

export interface Page {
  spec: PageSpec;
  brand: Brand;
  language: string;
}

/** The style's hash is in the page's own policy, so nothing else can be run, styled, loaded or sent, wherever it is. */
export async function renderPage({ spec, brand, language }: Page): Promise<string> {
  const { pageType, title, lead, callToAction } = spec;
  const css = style(brand);
  const policy = `default-src 'none'; style-src 'sha256-${await hash(css)}'; base-uri 'none'; form-action 'none'`;
  const blocks = layOut(spec);
  const action =
    callToAction && markup`<p><a class="action" href="${callToAction.href}" dir="auto">${callToAction.label}</a></p>`;
  return markup`<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="${brand.colour}">
<meta name="description" content="${lead || title}">
<meta property="og:title" content="${title}">
<meta property="og:type" content="${pageType === "blog-post" ? "article" : "website"}">
${brand.name && markup`<meta property="og:site_name" content="${brand.name}">`}
<title>${brand.name ? `${title} · ${brand.name}` : title}</title>
<style>${css}</style>
</head>
<body class="${pageType}${blocks.length === 0 ? " alone" : ""}">
${brand.name && header(brand)}
<main>
<div class="hero"><div class="width">
${pageType === "thank-you" ? TICK : ""}
${element("h1", title)}
${lead && element("p", lead, "lead")}
${action}
</div></div>
${blocks.map(renderBlock)}
${blocks.length > 0 && action ? closing(brand.tagline, action) : ""}
</main>
${brand.name && footer(brand)}
</body>
</html>
`.source;
}

const TICK = markup`<svg class="tick" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12.5l4.5 4.5L19 7.5"/></svg>`;

function header({ name }: Brand): Markup {
  const [initial = ""] = [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment);
  const mark = markup`<span class="mark" aria-hidden="true">${initial}</span>`;
  return markup`<header><div class="width"><p class="brand">${mark}<bdi>${name}</bdi></p></div></header>`;
}

/** What to do next, again, for whoever has read to the end. */
function closing(tagline: string | undefined, action: Markup): Markup {
  return markup`<div class="closing"><div class="width">${tagline && element("p", tagline, "lead")}${action}</div></div>`;
}

function footer({ name, tagline }: Brand): Markup {
  return markup`<footer><div class="width"><p class="brand"><bdi>${name}</bdi></p>${tagline && element("p", tagline)}</div></footer>`;
}

async function hash(css: Markup): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(css.source));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
