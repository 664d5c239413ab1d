// Hand-written validators for `meta`: each takes a value and the JSON pointer where it stands, notes every mistake
// and gives back the value as its type. Strict: an unknown member is a mistake, since a misspelt one would be lost
// silently.
import { Problem } from "./problem.ts";

export interface Issue {
  pointer: string;
  message: string;
}
export type Check<T> = (value: unknown, pointer: string, issues: Issue[]) => T;
type Value<C> = C extends Check<infer T> ? T : never;

const MAX_ISSUES = 100;

/** The value as `check` types it, or one problem (422) with every mistake in `errors`. */
export function validate<T>(check: Check<T>, value: unknown, pointer = "/meta"): T {
  const issues: Issue[] = [];
  const checked = check(value, pointer, issues);
  if (issues.length === 0) return checked;
  throw new Problem(422, "Invalid meta", `${issues.length} mistake(s) in the task's meta; see errors.`, {
    errors: issues.slice(0, MAX_ISSUES),
    outcome: "rejected",
  });
}

/** Notes a mistake. What it returns is never used: `validate` throws when there is any issue. */
function wrong(issues: Issue[], pointer: string, message: string): never {
  issues.push({ pointer, message });
  return undefined as never;
}

type Shape = Record<string, Check<unknown>>;
type Shaped<S extends Shape> = { [K in keyof S]: Value<S[K]> };

export function object<S extends Shape>(shape: S): Check<Shaped<S>> {
  return (value, pointer, issues) => {
    if (!isObject(value)) return wrong(issues, pointer, "must be an object");
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(shape, key)) {
        wrong(issues, `${pointer}/${escapePointer(key)}`, `unknown; known are ${Object.keys(shape).join(", ")}`);
      }
    }
    const entries = Object.entries(shape).map(([key, check]) => {
      const member = Object.hasOwn(value, key) ? value[key] : undefined;
      return [key, check(member, `${pointer}/${key}`, issues)];
    });
    return Object.fromEntries(entries);
  };
}

/** May be left out; `undefined` then. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, pointer, issues) => (value === undefined ? undefined : check(value, pointer, issues));
}

/** May be left out; `fallback` then. */
export function withDefault<T>(check: Check<T>, fallback: T): Check<T> {
  return (value, pointer, issues) => (value === undefined ? fallback : check(value, pointer, issues));
}

/** A rule across members: `rule` gives what is wrong, or null. Only asked of a value that is otherwise right. */
export function where<T>(check: Check<T>, rule: (value: T) => string | null): Check<T> {
  return (value, pointer, issues) => {
    const before = issues.length;
    const checked = check(value, pointer, issues);
    const message = issues.length === before ? rule(checked) : null;
    return message === null ? checked : wrong(issues, pointer, message);
  };
}

export function list<T>(check: Check<T>, { min = 0, max }: { min?: number; max: number }): Check<T[]> {
  return (value, pointer, issues) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) {
      return wrong(issues, pointer, `must be a list of ${min} to ${max} items`);
    }
    return value.map((item, index) => check(item, `${pointer}/${index}`, issues));
  };
}

/** An object of at most `max` short texts. */
export function textMap(max: number): Check<Record<string, string>> {
  const entry = text({ max: 500 });
  return (value, pointer, issues) => {
    if (!isObject(value) || Object.keys(value).length > max) {
      return wrong(issues, pointer, `must be an object of at most ${max} texts`);
    }
    const at = (key: string) => `${pointer}/${escapePointer(key)}`;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, entry(item, at(key), issues)]));
  };
}

// Control characters, half surrogates and non-characters: nobody types them, XML cannot hold them, headers must not.
const NOT_TEXT = String.raw`\0-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F\p{Cs}\uFFFE\uFFFF`;
const LINE = new RegExp(String.raw`^(?!\s*$)[^${NOT_TEXT}\t\r\n\u2028\u2029]*$`, "u");
const LINES = new RegExp(`^[^${NOT_TEXT}]*$`, "u");

/** One line of text with something in it. */
export function text({ max }: { max: number }): Check<string> {
  return string(LINE, { max, message: `must be one line of 1 to ${max} characters` });
}

/** Text of any number of lines, perhaps none. */
export function lines({ max }: { max: number }): Check<string> {
  return string(LINES, { max, message: `must be text of at most ${max} characters` });
}

export function string(pattern: RegExp, { max, message }: { max: number; message: string }): Check<string> {
  return (value, pointer, issues) =>
    typeof value === "string" && value.length <= max && pattern.test(value) ? value : wrong(issues, pointer, message);
}

export const email: Check<string> = string(/^[^\s@<>"(),:;\\[\]\p{C}]{1,64}@(?:[\p{L}\p{N}-]+\.)+[\p{L}\p{N}-]{2,}$/u, {
  max: 254,
  message: "must be an e-mail address such as ada@example.com",
});

export const httpsUrl: Check<string> = (value, pointer, issues) => {
  const url = typeof value === "string" && value.length <= 2048 ? URL.parse(value) : null;
  if (url?.protocol !== "https:" || url.username || url.password) {
    return wrong(issues, pointer, "must be an https:// address without a password");
  }
  return url.href;
};

export function integer({ min, max }: { min: number; max: number }): Check<number> {
  return (value, pointer, issues) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : wrong(issues, pointer, `must be a whole number from ${min} to ${max}`);
}

export function oneOf<const T extends string>(...values: T[]): Check<T> {
  return (value, pointer, issues) =>
    values.includes(value as T) ? (value as T) : wrong(issues, pointer, `must be one of ${values.join(", ")}`);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function escapePointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
