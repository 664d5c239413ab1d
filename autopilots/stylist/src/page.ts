// A branded page as one HTML document: no script, no external resource, readable on a phone, in light and dark, by
// keyboard and by a screen reader. The brand's colour is only used under text whose contrast on it is known.
import { type Markup, markup } from "../../shared/markup.ts";
import { type Brand, textOn } from "./brand.ts";

interface Section {
  heading: string;
  /** Paragraphs are separated by an empty line. */
  text: string;
}

export interface PageContent {
  brand: Brand;
  language: string;
  title: string;
  lead: string;
  sections: Section[];
  callToAction?: { label: string; href: string } | undefined;
}

export function renderPage({ brand, language, title, lead, sections, callToAction }: PageContent): string {
  const tagline = brand.tagline && markup`<p>${brand.tagline}</p>`;
  const action = callToAction && markup`<p><a class="action" href="${callToAction.href}">${callToAction.label}</a></p>`;
  return markup`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="${brand.colour}">
<meta name="description" content="${lead}">
<meta property="og:title" content="${title}">
<meta property="og:site_name" content="${brand.name}">
<title>${title} · ${brand.name}</title>
<style>${style(brand)}</style>
</head>
<body>
<header><div class="width"><p class="brand">${brand.name}</p>${tagline}</div></header>
<main class="width" dir="auto">
<h1>${title}</h1>
<p class="lead">${lead}</p>
${sections.map(renderSection)}
${action}
</main>
<footer><div class="width"><p>${brand.name}</p></div></footer>
</body>
</html>
`.source;
}

function renderSection({ heading, text }: Section): Markup {
  const paragraphs = text.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== "");
  return markup`<section>
<h2>${heading}</h2>
${paragraphs.map((paragraph) => markup`<p>${paragraph}</p>`)}
</section>
`;
}

function style({ colour }: Brand): Markup {
  return markup`
:root{color-scheme:light dark;--brand:${colour};--on-brand:${textOn(colour)}}
*{box-sizing:border-box}
body{margin:0;font:1.0625rem/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
body{color:light-dark(#1a1a1a,#f0f0f0);background:light-dark(#fff,#161616)}
.width{max-width:42rem;margin:0 auto;padding:0 1.25rem}
header{background:var(--brand);color:var(--on-brand);padding:1.25rem 0}
header p{margin:0}
.brand{font-size:1.25rem;font-weight:700}
h1{font-size:clamp(1.75rem,6vw,2.75rem);line-height:1.2;margin:2rem 0 1rem;text-wrap:balance}
h2{line-height:1.3;margin:2.5rem 0 .5rem}
section p{white-space:pre-line}
.lead{font-size:1.25rem}
.action{display:inline-block;margin:1.5rem 0;padding:.75rem 1.5rem;border-radius:.5rem;font-weight:600}
.action{background:var(--brand);color:var(--on-brand);text-decoration:none}
.action:hover{text-decoration:underline}
:focus-visible{outline:3px solid currentColor;outline-offset:3px}
footer{margin-top:4rem;padding:1rem 0;border-top:1px solid light-dark(#ccc,#444)}
`;
}
