// How wide a text is and where it breaks, without a font: estimates that are too wide rather than too narrow, taken from
// the bold of DejaVu Sans, the widest of the fonts that `system-ui` stands for.

/** In em, for what a reader sees as one character, by its first code point: the first row that matches. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/^\p{M}/u, 0],
  [/^[\p{Extended_Pictographic}\p{Regional_Indicator}]/u, 1.4],
  [/^[ijlI.,:;'’‘|!·()[\]{}/\\ ]/u, 0.46],
  [/^[ftr"“”\-*]/u, 0.53],
  [/^[mw]/u, 1.05],
  [/^[MW@%…—]/u, 1.11],
  [/^\p{Nd}/u, 0.72],
  [/^\p{Script=Latin}(?<=\p{Ll})/u, 0.72],
  [/^\p{Script=Latin}/u, 0.87],
  [/^[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Thai}]/u, 0.85],
  [/^(?=\p{Ll})[\p{Script=Greek}\p{Script=Cyrillic}]/u, 0.95],
  [/^[\p{P}\p{S}\p{Z}]/u, 0.9],
];
const OTHER = 1.2;

const segmenter = new Intl.Segmenter();

/** What was measured before: a text is laid out in several sizes, and has few characters of its own. */
const measured = new Map<string, number>();
const MOST_MEASURED = 2_000;

/** In em, of what a reader sees as one character. */
function widthOfOne(segment: string): number {
  const known = measured.get(segment);
  if (known !== undefined) return known;
  // A font without the picture of a joined emoji draws each of its parts.
  const pictures = segment.match(/\p{Extended_Pictographic}/gu)?.length ?? 1;
  const width = pictures * (WIDTHS.find(([pattern]) => pattern.test(segment))?.[1] ?? OTHER);
  if (measured.size < MOST_MEASURED) measured.set(segment, width);
  return width;
}

/** In em. */
function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += widthOfOne(segment);
  return width;
}

/** The lines of a text, each at most `width` em; a word longer than that is cut between characters. */
export function wrap(text: string, width: number): string[] {
  const rows: string[] = [];
  const space = widthOfOne(" ");
  let [row, reach] = ["", 0];
  for (const word of text
    .trim()
    .split(/\s+/)
    .flatMap((each) => breakWord(each, width))) {
    const own = widthOf(word);
    if (row !== "" && reach + space + own > width) {
      rows.push(row);
      [row, reach] = [word, own];
    } else {
      [row, reach] = row === "" ? [word, own] : [`${row} ${word}`, reach + space + own];
    }
  }
  rows.push(row);
  return rows;
}

/** At most `max` lines; what does not fit ends in an ellipsis that does. */
export function cut(rows: readonly string[], max: number, width: number): string[] {
  if (rows.length <= max) return [...rows];
  const last = [...segmenter.segment(rows[max - 1]!)].map(({ segment }) => segment);
  let reach = last.reduce((sum, each) => sum + widthOfOne(each), widthOfOne("…"));
  while (last.length > 1 && reach > width) reach -= widthOfOne(last.pop()!);
  return [...rows.slice(0, max - 1), `${last.join("").trimEnd()}…`];
}

function breakWord(word: string, width: number): string[] {
  const pieces = [""];
  let reach = 0;
  for (const { segment } of segmenter.segment(word)) {
    const own = widthOfOne(segment);
    const last = pieces.length - 1;
    if (pieces[last] !== "" && reach + own > width) {
      pieces.push(segment);
      reach = own;
    } else {
      pieces[last] += segment;
      reach += own;
    }
  }
  return pieces;
}
