// A value held against a JSON Schema (2020-12), as far as the catalogue's entries use it: orchestrator/catalog/keywords.py
// refuses any other keyword, so nothing is passed over here. Pure.

import { type FieldError, isObject } from "#worker-kit/validation.ts";

export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

const MAX_MISTAKES = 100;
/** UTF-16 units that one character, as people count them, may have: an emoji of a family has eleven. */
const MOST_UNITS = 16;

const TYPES: Readonly<Record<string, readonly [string, (value: unknown) => boolean]>> = {
  string: ["a string", (value) => typeof value === "string"],
  number: ["a number", (value) => typeof value === "number"],
  integer: ["a whole number", Number.isInteger],
  boolean: ["true or false", (value) => typeof value === "boolean"],
  array: ["a list", Array.isArray],
  object: ["an object", isObject],
  null: ["null", (value) => value === null],
};
const FORMATS: Readonly<Record<string, readonly [string, (text: string) => boolean]>> = {
  email: ["an e-mail address", (text) => /^[^\s@]+@[^\s@]+$/.test(text)],
  uri: ["a URL", URL.canParse],
  "date-time": [
    "a time of RFC 3339 with its offset",
    (text) => /[Tt].+([Zz]|[+-]\d\d:\d\d)$/.test(text) && isTime(text),
  ],
};
const patterns = new Map<string, RegExp>();

/** All that is wrong with `value`, each mistake with the JSON Pointer to it; of what is of another type nothing else. */
export function mistakesOf(schema: Schema, value: unknown, pointer: string): FieldError[] {
  const found: FieldError[] = [];
  check(schema, value, pointer, found);
  return found.slice(0, MAX_MISTAKES);
}

function check(schema: Schema, value: unknown, pointer: string, found: FieldError[]): void {
  const say = (message: string, at = "") => found.push({ pointer: pointer + at, message });
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => TYPES[type]![1](value))) {
    say(`must be ${types.map((type) => TYPES[type]![0]).join(" or ")}`);
  } else if (schema.enum && !schema.enum.includes(value)) say(`must be one of ${schema.enum.join(", ")}`);
  else if (schema.const !== undefined && value !== schema.const) say(`must be ${String(schema.const)}`);
  else if (typeof value === "string") checkText(schema, value, say);
  else if (typeof value === "number") checkRange(schema.minimum, schema.maximum, value, "", say);
  else if (Array.isArray(value)) {
    const isSized = checkRange(schema.minItems, schema.maxItems, value.length, " items", say);
    if (schema.items && isSized && found.length < MAX_MISTAKES)
      for (const [index, item] of value.entries()) check(schema.items, item, `${pointer}/${index}`, found);
  } else if (isObject(value)) {
    const { properties = {}, required = [] } = schema;
    for (const name of required) if (!Object.hasOwn(value, name)) say("is required", `/${escaped(name)}`);
    for (const [name, member] of Object.entries(properties))
      if (Object.hasOwn(value, name)) check(member, value[name], `${pointer}/${escaped(name)}`, found);
    if (schema.additionalProperties === false && Object.keys(value).some((name) => !Object.hasOwn(properties, name)))
      say(`must have no members but ${Object.keys(properties).join(", ")}`);
  }
}

type Say = (message: string) => void;

function checkText({ minLength, maxLength, pattern, format }: Schema, value: string, say: Say): void {
  if (maxLength !== undefined && !isAtMost(value, maxLength)) say(`must have at most ${maxLength} characters`);
  else if (minLength !== undefined && value.length < minLength * 2 && [...value].length < minLength)
    say(`must have at least ${minLength} character${minLength === 1 ? "" : "s"}`);
  else if (pattern !== undefined && !expression(pattern).test(value)) say(`must match ${pattern}`);
  else if (format !== undefined && !FORMATS[format]![1](value)) say(`must be ${FORMATS[format]![0]}`);
}

/** Whether the number lies between the two. */
function checkRange(min: number | undefined, max: number | undefined, value: number, of: string, say: Say): boolean {
  const isLow = min !== undefined && value < min;
  const isHigh = max !== undefined && value > max;
  const verb = of === "" ? "must be" : "must have";
  if (isLow || isHigh) say(`${verb} at ${isLow ? `least ${min}` : `most ${max}`}${of}`);
  return !isLow && !isHigh;
}

/** Characters are counted as people count them, where code points are too many: the autopilots do the same. */
function isAtMost(value: string, max: number): boolean {
  if (value.length <= max) return true;
  if (value.length > max * MOST_UNITS) return false;
  return [...new Intl.Segmenter().segment(value)].length <= max;
}

function expression(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known) return known;
  const made = new RegExp(pattern, "u");
  patterns.set(pattern, made);
  return made;
}

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
