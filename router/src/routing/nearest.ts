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

// A distance costs a step for each pair of characters, and who asks may ask for anything: so longer names are compared
// with none, and others with names of like length for so many steps.
const MAX_LENGTH = 64;
const MAX_STEPS = 150_000;

/** At most `count` of the `known` names, nearest first by Levenshtein's distance, then in name order. */
export function nearestNames(name: string, known: Iterable<string>, count = 3): string[] {
  return comparedNames(name, known)
    .map((candidate) => ({ candidate, away: distance(name, candidate) }))
    .sort((a, b) => a.away - b.away || byCodePoint(a.candidate, b.candidate))
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** Those of the `known` names that `name` is compared with: the nearest in length, then in the order given. */
export function comparedNames(name: string, known: Iterable<string>): string[] {
  const length = lengthOf(name);
  if (length > MAX_LENGTH) return [];
  const most = Math.max(3, Math.floor(length / 2));
  const like = Array.from({ length: most + 1 }, (): string[] => []); // by the difference in length
  for (const candidate of new Set(known)) {
    if (candidate.length > 2 * (length + most)) continue; // not counted: a character has two units at most
    like[Math.abs(lengthOf(candidate) - length)]?.push(candidate);
  }
  let steps = 0;
  return like.flat().filter((candidate) => (steps += length * lengthOf(candidate)) <= MAX_STEPS);
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
