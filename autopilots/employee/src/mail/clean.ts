// Text of a mail as it can be kept: well-formed Unicode without control characters, cut where it is long. Nothing is
// refused; what was changed is told, by field.

/** Told of each change, in words: `text: U+0000 replaced by U+FFFD`. */
export type Note = (note: string) => void;

const WINDOWS_1252 = new TextDecoder("windows-1252");
const CONTROL = /[\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]/g;

/**
 * `value` with LF line ends and at most `max` UTF-16 units. C1 controls are bytes of windows-1252 that somebody took for
 * Latin-1 (as HTML reads them too); other controls and half surrogates become U+FFFD.
 */
export function cleanText(value: string, field: string, max: number, note: Note): string {
  const seen = new Map<string, string>();
  // What is cut anyway is not read; a line end may have been two characters.
  const isLong = value.length > 2 * max;
  let text = (isLong ? value.slice(0, 2 * max) : value).replace(/\r\n?/g, "\n").replace(CONTROL, (control) => {
    const code = control.charCodeAt(0);
    const read = code < 0x80 ? control : WINDOWS_1252.decode(Uint8Array.of(code));
    const right = read === control ? "\uFFFD" : read;
    seen.set(`U+${code.toString(16).toUpperCase().padStart(4, "0")}`, right);
    return right;
  });
  for (const [name, right] of seen) {
    note(`${field}: ${name} ${right === "\uFFFD" ? "replaced by U+FFFD" : `read as windows-1252: ${right}`}`);
  }
  if (!text.isWellFormed()) note(`${field}: half a surrogate pair replaced by U+FFFD`);
  const length = isLong ? value.length : text.length;
  if (length > max) {
    note(`${field}: cut after ${max} of ${length} characters`);
    const kept = text.slice(0, max).replace(/[\uD800-\uDBFF]$/, "");
    text = `${kept}[… ${length - kept.length} more characters were cut]`;
  }
  return text.toWellFormed();
}

/** The same as one line: folded lines and tabs become a space (RFC 5322, section 2.2.3). */
export function cleanLine(value: string, field: string, max: number, note: Note): string {
  return cleanText(value.replace(/[\s\u2028\u2029]+/g, " ").trim(), field, max, note);
}
