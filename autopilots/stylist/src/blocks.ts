// The blocks of a page. Headings are in order: a block's own is h2, and those of its items are h3, or h2 without it.
import { type Markup, markup } from "../../shared/markup.ts";
import { element } from "./element.ts";
import type { Block, Item } from "./spec.ts";

export function renderBlock({ kind, heading, text, items }: Block): Markup {
  const own = markup`${heading && element("h2", heading)}${paragraphs(text)}`;
  return markup`<section class="${kind}"><div class="width">
${own}
${items.length > 0 ? RENDER[kind](items, heading ? "h3" : "h2") : ""}
</div></section>
`;
}

const OPEN = markup` open`;

type Render = (items: readonly Item[], level: "h2" | "h3") => Markup;

const RENDER: Record<Block["kind"], Render> = {
  prose: (items, level) =>
    markup`${items.map(({ heading, text }) => markup`${element(level, heading)}${paragraphs(text)}`)}`,
  cards: (items, level) =>
    list("ul", items, ({ heading, text }) => markup`${element(level, heading)}${paragraphs(text)}`),
  steps: (items, level) =>
    list("ol", items, ({ heading, text }) => markup`${element(level, heading)}${paragraphs(text)}`),
  questions: (items) =>
    markup`${items.map(
      (
        { heading, text },
        index,
      ) => markup`<details${index === 0 ? OPEN : ""}>${element("summary", heading)}${paragraphs(text)}</details>
`,
    )}`,
  plans: (items, level) => list("ul", items, (item) => renderPlan(item, level)),
  facts: (items) =>
    markup`<dl class="grid">${items.map(
      ({
        heading,
        text,
      }) => markup`<div>${element("dt", heading)}${linesOf(text).map((line) => element("dd", line, "", linked(line)))}</div>
`,
    )}</dl>`,
};

function list(tag: "ul" | "ol", items: readonly Item[], render: (item: Item) => Markup): Markup {
  const entries = items.map(
    (item) => markup`<li>${render(item)}</li>
`,
  );
  // A list without markers is no list to Safari's screen reader unless it is said.
  return tag === "ul"
    ? markup`<ul class="grid" role="list">${entries}</ul>`
    : markup`<ol class="grid" role="list">${entries}</ol>`;
}

/** The first line is the price, the others are what one gets for it. */
function renderPlan({ heading, text }: Item, level: "h2" | "h3"): Markup {
  const [price = "", ...features] = linesOf(text);
  const entries = features.map((feature) => element("li", feature));
  return markup`${element(level, heading)}${element("p", price, "price")}${entries.length > 0 ? markup`<ul>${entries}</ul>` : ""}`;
}

/** Paragraphs are separated by an empty line; a single line break stays one. */
function paragraphs(text: string): Markup {
  const all = text.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== "");
  return markup`${all.map((paragraph) => element("p", paragraph))}`;
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

/** A line that is an e-mail address or a telephone number, and nothing else, can be clicked. */
function linked(line: string): Markup | string {
  const value = line.trim();
  if (/^[\w.+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+$/u.test(value))
    return markup`<a href="mailto:${encodeURI(value)}">${value}</a>`;
  if (/^\+[\d ()./-]{6,}$/.test(value))
    return markup`<a href="tel:${value.replace(/[^\d+]/g, "")}"><bdi dir="ltr">${value}</bdi></a>`;
  return line;
}
