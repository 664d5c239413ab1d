// What a body must be, by valibot: schemas of the kinds that Workers here have in common, and all that is wrong with a
// value at once, each mistake with the JSON Pointer (RFC 6901) to it. Strict: an unknown member is a mistake, since a
// misspelt one would be lost silently.

import * as v from "valibot";

/** One mistake: where, and what must be. */
export interface FieldError {
  readonly pointer: string;
  readonly message: string;
}

/** The value as the schema types it, or its mistakes. `pointer` is where the value stands. */
export function check<const S extends Schema>(
  schema: S,
  value: unknown,
  pointer = "",
): { readonly value: v.InferOutput<S> } | { readonly errors: readonly FieldError[] } {
  const { success, output, issues } = v.safeParse(schema, value);
  return success ? { value: output } : { errors: errorsOf(issues, pointer) };
}

type Schema = v.GenericSchema<unknown, unknown>;

/** In the order of the schema; what is unknown in an object comes before the rest of it. */
function errorsOf(issues: readonly v.BaseIssue<unknown>[], pointer: string): FieldError[] {
  const errors: (FieldError & { readonly isUnknown: boolean })[] = [];
  for (const { path = [], message, type } of issues) {
    const steps = path.map(({ key }) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`);
    const isUnknown = type === "never";
    const parent = pointer + steps.slice(0, -1).join("");
    const first = errors.findIndex((each) => !each.isUnknown && each.pointer.startsWith(`${parent}/`));
    const at = isUnknown && first >= 0 ? first : errors.length;
    errors.splice(at, 0, { pointer: pointer + steps.join(""), message, isUnknown });
  }
  return errors.map(({ pointer, message }) => ({ pointer, message }));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const anyObject = v.custom<Readonly<Record<string, unknown>>>(isObject, "must be an object");

// valibot passes over members of these names, so they are refused: nothing is lost silently.
const RESERVED = ["__proto__", "constructor", "prototype"];

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !RESERVED.some((name) => Object.hasOwn(value, name));
}

const plainObject = v.custom<Readonly<Record<string, unknown>>>(isPlainObject, ({ input }) =>
  isObject(input) ? `must not have members named ${RESERVED.join(", ")}` : "must be an object",
);

/** Only these members; one that is missing is told what it must be. `unknown` is said of any other. */
export function object<const E extends v.ObjectEntries>(
  entries: E,
  unknown = `unknown; known are ${Object.keys(entries).join(", ")}`,
) {
  const missing = ({ path, ...issue }: v.BaseIssue<unknown>): string => {
    const { message } = entries[String(path!.at(-1)!.key)] as unknown as { message: v.ErrorMessage<typeof issue> };
    return typeof message === "function" ? message(issue) : message!;
  };
  return v.pipe(plainObject, v.objectWithRest(entries, v.never(unknown), missing));
}

/** A string of at most `max` UTF-16 units that matches. */
export function string(pattern: RegExp, { max, message }: { max: number; message: string }) {
  return v.custom<string>((value) => typeof value === "string" && value.length <= max && pattern.test(value), message);
}

export function integer({ min, max }: { min: number; max: number }) {
  return v.custom<number>(
    (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    `must be a whole number from ${min} to ${max}`,
  );
}

export function list<const S extends Schema>(item: S, { min = 0, max }: { min?: number; max: number }) {
  const isRight = (value: unknown) => Array.isArray(value) && value.length >= min && value.length <= max;
  return v.pipe(v.custom<unknown[]>(isRight, `must be a list of ${min} to ${max} items`), v.array(item));
}
