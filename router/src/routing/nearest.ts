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

/** At most `count` of the `known` names, nearest first by Levenshtein's distance, then in name order. */
export function nearestNames(name: string, known: Iterable<string>, count = 3): string[] {
  return [...new Set(known)]
    .map((candidate) => ({ candidate, away: distance(name, candidate) }))
    .sort((a, b) => a.away - b.away || byCodePoint(a.candidate, b.candidate))
    .slice(0, count)
    .map(({ candidate }) => candidate);
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
