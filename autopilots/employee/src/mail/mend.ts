// Two faults of messages that no reader of MIME mends: no empty line between the headers and the text, and a character
// set that nobody knows. Pure.

const [LF, CR] = [10, 13];
const HEADER = /^[\x21-\x39\x3B-\x7E]+[ \t]*:/;
/** The headers of a message stand in this many bytes, or what is below is not looked at. */
const MAX_HEAD = 64 * 1024;

/** The bytes with an empty line after the last header where text follows it at once; null where nothing was wrong. */
export function withEmptyLine(message: Uint8Array): Uint8Array | null {
  const head = new TextDecoder("latin1").decode(message.subarray(0, MAX_HEAD));
  const end = /\n\r?\n/.exec(head)?.index ?? head.length;
  let [at, bodyAt, isFolded] = [0, 0, false];
  while (at < end) {
    const next = head.indexOf("\n", at);
    const line = head.slice(at, next < 0 ? head.length : next);
    at = next < 0 ? head.length : next + 1;
    isFolded = HEADER.test(line) || (isFolded && /^[ \t]/.test(line));
    if (isFolded) bodyAt = at;
  }
  if (bodyAt === 0 || head.slice(bodyAt, end).trim() === "") return null;
  const mended = new Uint8Array(message.length + 2);
  mended.set(message.subarray(0, bodyAt));
  mended.set([CR, LF], bodyAt);
  mended.set(message.subarray(bodyAt), bodyAt + 2);
  return mended;
}

let bytesOf1252: Map<string, number> | undefined;

/**
 * A text that was read as windows-1252 because nobody knows its character set, as UTF-8 where its bytes are that; itself
 * otherwise.
 */
export function readAsUtf8(text: string): string {
  if (!/[\x80-\uFFFF]/.test(text)) return text;
  const decoder = new TextDecoder("windows-1252");
  bytesOf1252 ??= new Map(Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]));
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const byte = bytesOf1252.get(text[at]!);
    if (byte === undefined) return text;
    bytes[at] = byte;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return text;
  }
}

/** The first name of a character set in `headers` that nobody knows; undefined where there is none. */
export function unknownCharset(headers: string): string | undefined {
  const names = [...headers.matchAll(/charset\s*=\s*"?([\w.:+-]{1,60})|=\?([\w.:+-]{1,60})(?:\*[\w-]*)?\?[bq]\?/gi)];
  return [...new Set(names.map((found) => found[1] ?? found[2]!))].find((name) => !isKnown(name));
}

function isKnown(name: string): boolean {
  try {
    return new TextDecoder(name).encoding !== "";
  } catch {
    // Names that readers of mail know besides.
    return /^(us-?ascii|ascii|ansi_x3\S*|utf-?7|unicode-1-1\S*|cp-?\d+|ks_c_\S+)$/i.test(name);
  }
}
