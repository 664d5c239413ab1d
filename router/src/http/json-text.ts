// JSON as text: what is passed on stays as it was sent. A number that JavaScript reads is a double, so 9007199254740993
// and 9007199254740992 would be one, and 1e400 would be null. All of it is for text that JSON.parse has taken, and looks
// at each character at most once: a body may have a mebibyte of brackets. Pure.

const [QUOTE, BACKSLASH, COMMA, COLON, SPACE] = [0x22, 0x5c, 0x2c, 0x3a, 0x20];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/** An object's text: what its members are, which of them stand twice, how deep arrays and objects stand in each other. */
export interface ObjectText {
  /** The text of each value; of a name that stands twice the last one's, as in JSON.parse. */
  readonly members: ReadonlyMap<string, string>;
  readonly repeated: readonly string[];
  readonly depth: number;
}

export function readObjectText(text: string): ObjectText {
  const members = new Map<string, string>();
  const repeated: string[] = [];
  let [level, depth, begin] = [0, 0, 0];
  let name: string | undefined; // of the member that has begun
  const end = (at: number) => {
    if (name === undefined) return;
    if (members.has(name)) repeated.push(name);
    members.set(name, text.slice(begin, at).trim());
    name = undefined;
  };
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const last = endOfString(text, at);
      if (level === 1 && name === undefined) name = JSON.parse(text.slice(at, last + 1)) as string;
      at = last;
    } else if (code === OPEN || code === OPEN_LIST) depth = Math.max(depth, ++level);
    else if (code === CLOSE || code === CLOSE_LIST) {
      if (level-- === 1) end(at);
    } else if (level === 1) {
      if (code === COLON) begin = at + 1;
      else if (code === COMMA) end(at);
    }
  }
  return { members, repeated, depth };
}

/** The same text for the same value, whatever the order of its members; numbers as they were written. */
export function canonicalText(text: string): string {
  let at = 0;
  const next = (): number => {
    while (text.charCodeAt(at) <= SPACE) at++;
    return text.charCodeAt(at);
  };
  const readString = (): string => {
    const begin = at;
    at = endOfString(text, at) + 1;
    const token = text.slice(begin, at);
    return token.includes("\\") ? JSON.stringify(JSON.parse(token)) : token;
  };
  const readList = (): string => {
    const items: string[] = [];
    for (at++; next() !== CLOSE_LIST; ) {
      items.push(read());
      if (next() === COMMA) at++;
    }
    at++;
    return `[${items.join(",")}]`;
  };
  const readObject = (): string => {
    const members = new Map<string, string>();
    for (at++; next() !== CLOSE; ) {
      const name = readString();
      next();
      at++; // the colon
      members.set(name, read());
      if (next() === COMMA) at++;
    }
    at++;
    const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${sorted.map(([name, value]) => `${name}:${value}`).join(",")}}`;
  };
  const read = (): string => {
    const code = next();
    if (code === OPEN) return readObject();
    if (code === OPEN_LIST) return readList();
    if (code === QUOTE) return readString();
    const begin = at;
    while (at < text.length && !isEnd(text.charCodeAt(at))) at++;
    return text.slice(begin, at);
  };
  return read();
}

/** Of a number, true, false or null. */
function isEnd(code: number): boolean {
  return code === COMMA || code === CLOSE || code === CLOSE_LIST || code <= SPACE;
}

/** Where the quotation mark stands that ends the string which begins at `begin`. */
function endOfString(text: string, begin: number): number {
  for (let end = begin; ; ) {
    end = text.indexOf('"', end + 1);
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}
