// A marketing asset as SVG, from a template: the brand's colour, a headline, a line below it, the brand's name. Text
// in SVG does not wrap by itself, so it is broken into lines by its measured width, and made smaller until all of it
// fits between the margins and above the brand; what is too long even then ends in an ellipsis.
import { type Markup, markup } from "../../shared/markup.ts";
import { type Brand, textOn } from "./brand.ts";
import { isMostlyRightToLeft } from "./direction.ts";
import { cut, wrap } from "./measure.ts";

/** Width and height in pixels, as the usual networks want them. */
export const FORMATS = {
  card: [1200, 630],
  square: [1080, 1080],
  story: [1080, 1920],
  banner: [1500, 500],
} as const;

export interface AssetContent {
  brand: Brand;
  format: keyof typeof FORMATS;
  headline: string;
  subline: string;
}

/** Of the usual size, in the order in which they are tried. */
const SCALES = [1, 0.9, 0.8, 0.7, 0.6, 0.5];
const [HEAD_LINES, SUB_LINES, BRAND_LINES] = [4, 3, 2];
const [HEAD_LEADING, LEADING] = [1.2, 1.4];
/** Between the headline and the line below it, of that one's size. */
const GAP = 0.6;

export function renderAsset({ brand, format, headline, subline }: AssetContent): string {
  const [width, height] = FORMATS[format];
  const margin = width / 12;
  const edge = Math.min(margin, height / 10);
  const usual = Math.min(width, height) / 9;
  const inner = width - 2 * margin;
  const fit = (text: string, size: number, max: number) => {
    const rows = text.trim() === "" ? [] : wrap(text, inner / size);
    return { rows: cut(rows, max, inner / size), whole: rows.length <= max };
  };
  const brandSize = SCALES.map((scale) => usual * 0.45 * scale);
  const name = brandSize.map((size) => ({ size, ...fit(brand.name, size, BRAND_LINES) }));
  const foot = name.find(({ whole }) => whole) ?? name.at(-1)!;
  const footTop = height - edge / 2 - foot.rows.length * foot.size * LEADING;
  const room = footTop - edge - usual * 0.2;
  const tried = SCALES.map((scale) => {
    const [size, small] = [usual * scale, usual * scale * 0.45];
    const [head, sub] = [fit(headline, size, HEAD_LINES), fit(subline, small, SUB_LINES)];
    const headHeight = head.rows.length * size * HEAD_LEADING;
    const gap = head.rows.length > 0 && sub.rows.length > 0 ? small * GAP : 0;
    const total = headHeight + gap + sub.rows.length * small * LEADING;
    return { size, small, head, sub, subTop: headHeight + gap, total, fits: total <= room && head.whole && sub.whole };
  });
  const { size, small, head, sub, subTop, total } = tried.find(({ fits }) => fits) ?? tried.at(-1)!;
  const top = edge + (room - total) / 2;
  const at = (text: string, from: number) => ({ width, margin, rightToLeft: isMostlyRightToLeft(text), top: from });
  return markup`<svg xmlns="http://www.w3.org/2000/svg"
 viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"
 role="img" aria-labelledby="title description" font-family="system-ui, sans-serif" fill="${textOn(brand.colour)}">
<title id="title">${headline}</title>
<desc id="description">${[brand.name, subline].filter(Boolean).join(": ")}</desc>
<rect width="${width}" height="${height}" fill="${brand.colour}"/>
${textLines(head.rows, at(headline, top), size, HEAD_LEADING, 700)}
${textLines(sub.rows, at(subline, top + subTop), small, LEADING, 400)}
${textLines(foot.rows, at(brand.name, footTop), foot.size, LEADING, 600)}
</svg>
`.source;
}

interface Place {
  width: number;
  margin: number;
  /** Text starts at the right margin, and its punctuation stands at the left end. */
  rightToLeft: boolean;
  /** Of the first line. */
  top: number;
}

function textLines(rows: string[], place: Place, size: number, leading: number, weight: number): Markup[] {
  const x = place.rightToLeft ? place.width - place.margin : place.margin;
  const direction = place.rightToLeft ? "rtl" : "ltr";
  return rows.map((row, index) => {
    const y = round(place.top + size + index * size * leading);
    return markup`<text x="${x}" y="${y}" font-size="${round(size)}" font-weight="${weight}" direction="${direction}">${row}</text>\n`;
  });
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
