// A marketing asset as SVG, from a template: the brand's colour, a headline, a line below it, the brand's name. Text
// in SVG does not wrap by itself, so it is broken into lines by an estimate of its width.
import { type Markup, markup } from "../../shared/markup.ts";
import { type Brand, textOn } from "./brand.ts";

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

export function renderAsset({ brand, format, headline, subline }: AssetContent): string {
  const [width, height] = FORMATS[format];
  const margin = width / 12;
  const size = Math.min(width, height) / 9;
  const small = size * 0.45;
  const head = wrap(headline, (width - 2 * margin) / size, 4);
  const sub = subline ? wrap(subline, (width - 2 * margin) / small, 3) : [];
  const top = (height - head.length * size * 1.2 - sub.length * small * 1.4) / 2 + size * 0.6;
  return markup`<svg xmlns="http://www.w3.org/2000/svg"
 viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"
 role="img" aria-labelledby="title description" font-family="system-ui, sans-serif" fill="${textOn(brand.colour)}">
<title id="title">${headline}</title>
<desc id="description">${brand.name}${subline ? `: ${subline}` : ""}</desc>
<rect width="${width}" height="${height}" fill="${brand.colour}"/>
${textLines(head, margin, top, size, 1.2, 700)}
${textLines(sub, margin, top + head.length * size * 1.2, small, 1.4, 400)}
<text x="${margin}" y="${height - margin / 2}" font-size="${small}" font-weight="600">${brand.name}</text>
</svg>
`.source;
}

function textLines(rows: string[], x: number, top: number, size: number, leading: number, weight: number): Markup[] {
  return rows.map((row, index) => {
    const y = top + index * size * leading;
    return markup`<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}">${row}</text>\n`;
  });
}

/** Break a text into at most `maxLines` lines of about `width` em; what does not fit ends in an ellipsis. */
function wrap(text: string, width: number, maxLines: number): string[] {
  const rows: string[] = [];
  let row = "";
  for (const word of text.split(/\s+/).flatMap((word) => breakWord(word, width))) {
    const longer = row === "" ? word : `${row} ${word}`;
    if (widthOf(longer) > width && row !== "") {
      rows.push(row);
      row = word;
    } else {
      row = longer;
    }
  }
  rows.push(row);
  return rows.length <= maxLines ? rows : [...rows.slice(0, maxLines - 1), `${rows[maxLines - 1]}…`];
}

/** A word longer than a line, cut between what a reader sees as characters. */
function breakWord(word: string, width: number): string[] {
  const pieces = [""];
  for (const { segment } of new Intl.Segmenter().segment(word)) {
    const last = pieces.length - 1;
    if (pieces[last] !== "" && widthOf(pieces[last] + segment) > width) pieces.push(segment);
    else pieces[last] += segment;
  }
  return pieces;
}

const WIDE = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}]/u;

/** In em, estimated: wide scripts and pictures take a whole one, other characters a little more than half. */
function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width += WIDE.test(segment) ? 1 : 0.58;
  }
  return width;
}
