// JSON as text: what is passed on stays as it was sent. A number that JavaScript reads is a double, so 9007199254740993
// and 9007199254740992 would be one, and 1e400 would be null. All of it is for text that JSON.parse has taken. Pure.

/** A string, a bracket, or a number or word; commas, colons and white space say nothing more. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]|[^\s",:[\]{}]+/g;

/** How deep arrays and objects stand in each other. */
export function depthOf(text: string): number {
  let [level, depth] = [0, 0];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") depth = Math.max(depth, ++level);
    else if (token === "}" || token === "]") level--;
  }
  return depth;
}

/** The text of the value of the object's member `name`; of two, the last one's, as in JSON.parse. */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined;
  let [level, begin] = [0, 0];
  let key: string | undefined; // of the member that has begun
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const wasAt = level;
    if (token === "{" || token === "[") level++;
    else if (token === "}" || token === "]") level--;
    if (wasAt === 1 && level === 1 && key === undefined) key = JSON.parse(token) as string;
    else if (wasAt >= 1 && level >= 1) {
      if (wasAt === 1) begin = index;
      if (level > 1) continue;
      if (key === name) found = text.slice(begin, index + token.length);
      key = undefined;
    }
  }
  return found;
}

/** The same text for the same value, whatever the order of its members; numbers as they were written. */
export function canonicalText(text: string): string {
  const tokens = text.matchAll(TOKEN);
  const next = () => tokens.next().value![0];
  const read = (token: string): string => {
    if (token === "[") {
      const items: string[] = [];
      for (let each = next(); each !== "]"; each = next()) items.push(read(each));
      return `[${items.join(",")}]`;
    }
    if (token === "{") {
      const members = new Map<string, string>();
      for (let each = next(); each !== "}"; each = next()) members.set(JSON.parse(each) as string, read(next()));
      const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
    }
    return token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : token;
  };
  return read(next());
}
