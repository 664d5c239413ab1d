// The parameters behind `?` of a URL: each read once, checked, and all that is wrong with them said at once.

import { Problem } from "#worker-kit/problem.ts";

const AGE = /^(\d{1,6})([smhd])$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?$/;

export class Query {
  private readonly errors: { parameter: string; message: string }[] = [];
  private readonly read = new Set<string>();

  /** `now`, in milliseconds, is what an age counts back from. */
  constructor(
    private readonly given: URLSearchParams,
    private readonly now: number,
  ) {}

  text(name: string, maxLength = 256): string | undefined {
    const value = this.value(name);
    if (value === undefined || (value !== "" && [...value].length <= maxLength)) return value;
    return this.wrong(name, `must be of 1 to ${maxLength} characters`);
  }

  choice(name: string, words: readonly string[]): string | undefined {
    return this.parsed(name, `must be one of ${words.join(", ")}`, (text) => words.find((word) => word === text));
  }

  integer(name: string, least: number, most: number): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
    return number >= least && number <= most
      ? number
      : this.wrong(name, `must be a whole number from ${least} to ${most}`);
  }

  /** A moment in milliseconds since 1970, given as a time of RFC 3339, a date, or how long ago it was. */
  time(name: string): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const [, count, unit] = AGE.exec(value) ?? [];
    const moment = unit ? this.now - Number(count) * UNIT_MS[unit]! : TIME.test(value) ? Date.parse(value) : NaN;
    return Number.isNaN(moment)
      ? this.wrong(name, "must be a time (2026-11-22T10:00:00Z), a date, or an age (24h)")
      : moment;
  }

  /** What `parse` makes of it; undefined from `parse` means that it is wrong. */
  parsed<T>(name: string, message: string, parse: (text: string) => T | undefined): T | undefined {
    const value = this.value(name);
    return value === undefined ? undefined : (parse(value) ?? this.wrong(name, message));
  }

  /** Throws a problem (400) with every mistake; a parameter that nothing has read is one. */
  check(): void {
    for (const name of new Set(this.given.keys())) {
      if (!this.read.has(name))
        this.wrong(name, `is no parameter here: there are ${[...this.read].join(", ") || "none"}`);
      else if (this.given.getAll(name).length > 1) this.wrong(name, "may be given once");
    }
    if (this.errors.length === 0) return;
    throw new Problem({
      status: 400,
      title: "Invalid parameters",
      detail: `${this.errors.map(({ parameter, message }) => `${parameter} ${message}`).join("; ")}.`,
      members: { errors: this.errors },
    });
  }

  private value(name: string): string | undefined {
    this.read.add(name);
    return this.given.get(name) ?? undefined;
  }

  private wrong(parameter: string, message: string): undefined {
    this.errors.push({ parameter, message });
  }
}
