// Names: their order, and which known ones are closest to one that nobody knows. The twin of orchestrator/nearest.py.

/** Order by code point, as Python does; JavaScript's own order is by UTF-16 unit. */
export function byCodePoint(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

// A distance costs the product of two lengths, and who asks may ask for anything: so longer names are compared with none,
// and others with a bounded number of names of like length.
const MAX_LENGTH = 64;
const MAX_COMPARED = 200;

/**
 * At most `count` of the `known` names, nearest first by Levenshtein's distance, then in name order. Those whose length is
 * nearest are compared, in the order given.
 */
export function nearestNames(name: string, known: Iterable<string>, count = 3): string[] {
  const length = lengthOf(name);
  if (length > MAX_LENGTH) return [];
  const most = Math.max(3, Math.floor(length / 2));
  const like = Array.from({ length: most + 1 }, (): string[] => []); // by the difference in length
  for (const candidate of new Set(known)) like[Math.abs(lengthOf(candidate) - length)]?.push(candidate);
  return like
    .flat()
    .slice(0, MAX_COMPARED)
    .map((candidate) => ({ candidate, away: distance(name, candidate) }))
    .sort((a, b) => a.away - b.away || byCodePoint(a.candidate, b.candidate))
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** In characters, not in UTF-16 units. */
function lengthOf(name: string): number {
  let length = 0;
  for (const _ of name) length++;
  return length;
}

function distance(a: string, b: string): number {
  const target = [...b];
  const row = Array.from({ length: target.length + 1 }, (_, index) => index);
  let i = 0;
  for (const left of a) {
    let previous = row[0]!;
    row[0] = ++i;
    for (let j = 1; j <= target.length; j++) {
      const above = row[j]!;
      row[j] = Math.min(above + 1, row[j - 1]! + 1, previous + (left === target[j - 1] ? 0 : 1));
      previous = above;
    }
  }
  return row[target.length]!;
}
