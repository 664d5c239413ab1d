// The headers of a mail from whatever form a caller has them in: an object of strings or lists, a list of {key or name,
// value} or of pairs, or the block of lines itself.
import { isObject } from "#worker-kit/validation.ts";
import { cleanLine, type Note } from "./clean.ts";

/** By name in lower case, each with its values in order: unfolded, not decoded, at most 4,000 characters. */
export type Headers = ReadonlyMap<string, readonly string[]>;

const MAX_HEADERS = 500;
const MAX_VALUE = 4_000;

export function readHeaders(value: unknown, note: Note): Headers {
  const headers = new Map<string, string[]>();
  const fields = fieldsOf(value, note);
  if (fields.length > MAX_HEADERS) note(`headers: the first ${MAX_HEADERS} of ${fields.length} were kept`);
  for (const [rawName, rawValue] of fields.slice(0, MAX_HEADERS)) {
    const name = cleanLine(rawName, "headers", 200, note).toLowerCase();
    const values = headers.get(name) ?? [];
    headers.set(name, values);
    values.push(cleanLine(asText(rawValue, `headers ${name}`, note), `headers ${name}`, MAX_VALUE, note));
  }
  return headers;
}

/** The first value of a header; undefined where it is not there. */
export function first(headers: Headers, name: string): string | undefined {
  return headers.get(name)?.[0];
}

/** A text as it is; what is no text, as JSON writes it. */
export function asText(value: unknown, field: string, note: Note): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  note(`${field}: was no text`);
  return JSON.stringify(value);
}

function fieldsOf(value: unknown, note: Note): [string, unknown][] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return linesOf(value);
  if (Array.isArray(value)) {
    return value.map((field): [string, unknown] => {
      if (Array.isArray(field)) return [asText(field[0], "headers", note), field[1]];
      if (isObject(field)) return [asText(field.key ?? field.name, "headers", note), field.value];
      return linesOf(asText(field, "headers", note))[0] ?? ["", ""];
    });
  }
  if (!isObject(value)) return [["", value]];
  return Object.entries(value).flatMap(([name, each]): [string, unknown][] =>
    Array.isArray(each) ? each.map((one): [string, unknown] => [name, one]) : [[name, each]],
  );
}

function linesOf(block: string): [string, unknown][] {
  const lines = block
    .replace(/\r\n?/g, "\n")
    .split(/\n(?![ \t])/)
    .filter((line) => line.trim() !== "");
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return colon < 0 ? ["", line] : [line.slice(0, colon), line.slice(colon + 1)];
  });
}
