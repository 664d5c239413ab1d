// What a page says, as data: asked for by a caller, filled in by the template or by the model, laid out by its type.
import * as v from "valibot";
import { list, object } from "#worker-kit/validation.ts";
import { httpsUrl, lines, oneOf, text } from "../../shared/validate.ts";
import { BRAND_PARTS, type Brand } from "./brand.ts";

const PAGE_TYPES = [
  "home",
  "course",
  "landing",
  "about",
  "contact",
  "pricing",
  "faq",
  "thank-you",
  "blog-post",
] as const;
export const KINDS = ["prose", "cards", "steps", "questions", "plans", "facts"] as const;
const MAX_TITLE = 120;
/** Of all sections: some 20 pages of a book. */
const MAX_WORDS = 50_000;

const ITEM = object({ heading: text({ max: 120 }), text: v.optional(lines({ max: 2000 }), "") });
/** `kind`: how it is shown; without one, by the page's type. Paragraphs of `text` are separated by an empty line. */
const SECTION = object({
  kind: v.optional(oneOf(...KINDS)),
  heading: text({ max: 120 }),
  text: v.optional(lines({ max: 5000 }), ""),
  items: v.optional(list(ITEM, { max: 20 }), []),
});
/** A language tag (BCP 47) as `Intl` reads it, which is what the page's direction is found by. */
const LANGUAGE = v.pipe(
  v.custom<string>((value) => typeof value === "string" && isLanguage(value), "must be a language such as en"),
  v.transform((value) => new Intl.Locale(value).toString()),
);

export const PAGE_META = v.pipe(
  object({
    /** "blog post" and "Blog-Post" are the same. */
    pageType: v.optional(
      v.pipe(
        v.custom<string>(
          (value) => typeof value === "string" && isPageType(nameOf(value)),
          oneOf(...PAGE_TYPES).message,
        ),
        v.transform((value) => nameOf(value) as PageType),
      ),
      "landing",
    ),
    brand: v.optional(BRAND_PARTS, {}),
    title: v.optional(text({ max: MAX_TITLE })),
    /** What the page is about: the opening of the template, or what AI writes from. */
    description: v.optional(text({ max: 1000 })),
    /** What `description` was called first. */
    brief: v.optional(text({ max: 1000 })),
    sections: v.optional(
      v.pipe(
        list(SECTION, { max: 20 }),
        v.check(
          (sections) => sizeOf(sections) <= MAX_WORDS,
          `must have at most ${MAX_WORDS} characters in all their texts together`,
        ),
      ),
    ),
    callToAction: v.optional(object({ label: text({ max: 60 }), href: httpsUrl })),
    language: v.optional(LANGUAGE, "en"),
  }),
  v.check(({ title, description, brief }) => Boolean(title ?? description ?? brief), "needs a title or a description"),
);
type PageMeta = v.InferOutput<typeof PAGE_META>;
type PageType = (typeof PAGE_TYPES)[number];
export interface Item {
  heading: string;
  text: string;
}
interface Section extends Item {
  kind?: Kind | undefined;
  items: readonly Item[];
}
/** A section whose kind is settled, or several without one that became the items of one block. */
export interface Block extends Section {
  kind: Kind;
}
type Kind = (typeof KINDS)[number];

export interface PageCopy {
  title?: string | undefined;
  /** May be empty. */
  lead: string;
  sections: readonly Section[];
}

export interface PageSpec extends PageCopy {
  pageType: PageType;
  title: string;
  callToAction?: PageMeta["callToAction"];
}

/** What is written, by a caller, the template or the model. */
export const PAGE_COPY = object({
  title: v.optional(text({ max: MAX_TITLE })),
  lead: text({ max: 600 }),
  sections: list(SECTION, { min: 1, max: 8 }),
});

function sizeOf(sections: readonly Section[]): number {
  const own = ({ heading, text }: Item) => heading.length + text.length;
  return sections.reduce(
    (sum, section) => sum + [section, ...section.items].reduce((all, each) => all + own(each), 0),
    0,
  );
}

/** The template's words. A page that has only a description is headed by its first sentence. */
export function openingOf(meta: PageMeta, brand: Brand): { title: string; lead: string } {
  const description = meta.description ?? meta.brief ?? "";
  if (meta.title) return { title: meta.title, lead: description || (brand.tagline ?? "") };
  const [, first = description, rest = ""] = /^(.+?[.!?。！？؟])\s+(.+)$/u.exec(description) ?? [];
  if (first.length <= MAX_TITLE) return { title: first, lead: rest || (brand.tagline ?? "") };
  return { title: `${first.slice(0, MAX_TITLE - 1).replace(/\s+\S*$|[\ud800-\udbff]$/u, "")}…`, lead: description };
}

/** Which sections without a kind a type of page shows together, and as what. */
const GROUPED: Record<PageType, { kind: Kind; least: number; fits: (section: Section) => boolean }> = {
  home: { kind: "cards", least: 2, fits: ({ text }) => text.length <= 320 },
  landing: { kind: "cards", least: 2, fits: ({ text }) => text.length <= 320 },
  course: { kind: "steps", least: 2, fits: () => true },
  about: { kind: "prose", least: 1, fits: () => false },
  contact: { kind: "facts", least: 1, fits: ({ text }) => text !== "" && longestLine(text) <= 80 },
  pricing: { kind: "plans", least: 1, fits: ({ text }) => text !== "" && longestLine(text) <= 80 },
  faq: { kind: "questions", least: 1, fits: ({ text }) => text !== "" },
  "thank-you": { kind: "steps", least: 2, fits: () => true },
  "blog-post": { kind: "prose", least: 1, fits: () => false },
};

/** The page's blocks, in the order of its sections. */
export function layOut({ pageType, sections }: Pick<PageSpec, "pageType" | "sections">): Block[] {
  const { kind, least, fits } = GROUPED[pageType];
  const joins = (section: Section) => !section.kind && section.items.length === 0 && fits(section);
  const blocks: Block[] = [];
  for (let index = 0; index < sections.length; ) {
    const rest = sections.slice(index);
    const end = rest.findIndex((section) => !joins(section));
    const run = end < 0 ? rest : rest.slice(0, end);
    if (run.length >= least) {
      blocks.push({ kind, heading: "", text: "", items: run.map(({ heading, text }) => ({ heading, text })) });
      index += run.length;
      continue;
    }
    const { kind: own, ...section } = rest[0]!;
    blocks.push({ ...section, kind: own ?? (section.items.length > 0 ? kind : "prose") });
    index += 1;
  }
  return blocks;
}

function longestLine(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}

function nameOf(pageType: string): string {
  return pageType
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, "-");
}

function isPageType(name: string): boolean {
  return (PAGE_TYPES as readonly string[]).includes(name);
}

function isLanguage(tag: string): boolean {
  try {
    return tag.length <= 35 && new Intl.Locale(tag).toString() !== "";
  } catch {
    return false;
  }
}
