// What callers say of a task (`meta`), by valibot; the kinds of values that several autopilots take.
import * as v from "valibot";
import { Problem } from "#worker-kit/problem.ts";
import { check, type FieldError, isPlainObject, string } from "#worker-kit/validation.ts";

const MAX_ERRORS = 100;

/** `meta` as the schema types it, or one problem (422) with every mistake in `errors`. */
export function validate<const S extends v.GenericSchema<unknown, unknown>>(
  schema: S,
  meta: unknown,
): v.InferOutput<S> {
  const checked = check(schema, meta, "/meta");
  if ("value" in checked) return checked.value;
  throw invalidMeta(checked.errors);
}

/** What is wrong with a task's `meta`, each mistake with where it is: 422. */
export function invalidMeta(errors: readonly FieldError[]): Problem {
  return new Problem({
    status: 422,
    title: "Invalid meta",
    detail: `${errors.length} mistake(s) in the task's meta; see errors.`,
    members: { errors: errors.slice(0, MAX_ERRORS), outcome: "rejected" },
  });
}

/** An object of at most `max` short texts. */
export function textMap(max: number) {
  const isRight = (value: unknown) => isPlainObject(value) && Object.keys(value).length <= max;
  return v.pipe(
    v.custom<object>(isRight, `must be an object of at most ${max} texts`),
    v.record(v.string(), text({ max: 500 })),
  );
}

// Control characters, half surrogates and non-characters: nobody types them, XML cannot hold them, headers must not.
const NOT_TEXT = String.raw`\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F\p{Cs}\uFFFE\uFFFF`;
const LINE = new RegExp(String.raw`^(?!\s*$)[^${NOT_TEXT}\t\r\n\u2028\u2029]*$`, "u");
const LINES = new RegExp(`^[^${NOT_TEXT}]*$`, "u");

/** One line of text with something in it; characters are counted as people count them: an emoji is one. */
export function text({ max }: { max: number }) {
  return v.custom<string>(
    (value) => typeof value === "string" && isAtMost(value, max) && LINE.test(value),
    `must be one line of 1 to ${max} characters`,
  );
}

/** UTF-16 units that one character may have: an emoji of a family has eleven. */
const MOST_UNITS = 16;
const characters = new Intl.Segmenter();

function isAtMost(value: string, max: number): boolean {
  if (value.length <= max) return true;
  return value.length <= max * MOST_UNITS && [...characters.segment(value)].length <= max;
}

/** Text of any number of lines, perhaps none. */
export function lines({ max }: { max: number }) {
  return string(LINES, { max, message: `must be text of at most ${max} characters` });
}

// A domain's letters may be composed of several characters (`\p{M}`), and must be ones that the DNS can have.
const EMAIL = /^[^\s@<>"(),:;\\[\]\p{C}]{1,64}@((?:[\p{L}\p{N}\p{M}-]+\.)+[\p{L}\p{N}\p{M}-]{2,})$/u;
export const email = v.custom<string>((value) => {
  const domain = typeof value === "string" && value.length <= 254 ? EMAIL.exec(value)?.[1] : undefined;
  return domain !== undefined && URL.canParse(`http://${domain}`);
}, "must be an e-mail address such as ada@example.com");

export const httpsUrl = v.pipe(
  v.custom<string>((value) => {
    const url = typeof value === "string" && value.length <= 2048 ? URL.parse(value) : null;
    return url?.protocol === "https:" && !url.username && !url.password;
  }, "must be an https:// address without a password"),
  v.transform((value) => new URL(value).href),
);

export function oneOf<const T extends readonly string[]>(...values: T) {
  return v.picklist(values, `must be one of ${values.join(", ")}`);
}
