// A request's JSON body as an endpoint takes it.

import type * as v from "valibot";
import { parseJson, readJsonText } from "#worker-kit/body.ts";
import { Problem } from "#worker-kit/problem.ts";
import { check, type FieldError } from "#worker-kit/validation.ts";

const MAX_BODY_BYTES = 1024 * 1024;

/** Throws a problem: 415 for another media type, 413 for more than 1 MiB, 400 for what is not JSON. */
export async function readJson(request: Request): Promise<unknown> {
  return parseJson(await readJsonText(request, MAX_BODY_BYTES));
}

/** The body as `schema` types it. Throws a problem (422) with all that is wrong with it, and those of `readJson`. */
export async function readBody<const S extends v.GenericSchema<unknown, unknown>>(
  request: Request,
  schema: S,
): Promise<v.InferOutput<S>> {
  return (await readBodyText(request, schema)).value;
}

/** The same, with the text as it was sent. */
export async function readBodyText<const S extends v.GenericSchema<unknown, unknown>>(
  request: Request,
  schema: S,
): Promise<{ readonly value: v.InferOutput<S>; readonly text: string }> {
  const text = await readJsonText(request, MAX_BODY_BYTES);
  const checked = check(schema, parseJson(text));
  if ("errors" in checked) throw invalid(checked.errors);
  return { value: checked.value, text };
}

/** Refuses a body with everything that is wrong with it, at once. */
export function invalid(errors: readonly FieldError[]): Problem {
  return new Problem({
    status: 422,
    title: "Invalid request",
    detail: `${errors.map(({ pointer, message }) => `${pointer || "the body"} ${message}`).join("; ")}.`,
    members: { errors },
  });
}
