// The words of a page or an asset: written by Workers AI where it is bound, else by a template. AI is never
// required: when it fails, the template's words are used and the answer says so.
import type * as v from "valibot";
import { check } from "#worker-kit/validation.ts";

// Fast, multilingual, on the free plan about 500 pages a day (10,000 neurons at $0.40 per million tokens written).
const MODEL = "@cf/zai-org/glm-4.7-flash";
const TIMEOUT_MS = 15_000;
const MAX_TOKENS = 900;

export interface Written<T> {
  copy: T;
  source: "ai" | "template";
  /** Why the template's words were used although AI is bound. */
  note?: string;
}

export interface Assignment<T> {
  instruction: string;
  /** What it is about. Given to the model as data. */
  subject: Record<string, unknown>;
  /** JSON Schema of the answer, for the model. */
  schema: Record<string, unknown>;
  /** The same rules, held against what really came. */
  rules: v.GenericSchema<unknown, T>;
  template: T;
}

export async function writeCopy<T>(ai: Ai | undefined, assignment: Assignment<T>): Promise<Written<T>> {
  if (!ai) return { copy: assignment.template, source: "template" };
  try {
    return { copy: await ask(ai, assignment), source: "ai" };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.warn(JSON.stringify({ message: "Workers AI was not used", model: MODEL, error: why }));
    const note = "Workers AI gave no usable text; the template's was used.";
    return { copy: assignment.template, source: "template", note };
  }
}

async function ask<T>(ai: Ai, { instruction, subject, schema, rules }: Assignment<T>): Promise<T> {
  const system = `${instruction} Write plain text without markup. Make up no facts, prices, numbers or quotations.`;
  const answer = await ai.run(
    MODEL,
    {
      messages: [
        { role: "system", content: system },
        { role: "user", content: JSON.stringify(subject) },
      ],
      response_format: { type: "json_schema", json_schema: { name: "copy", schema, strict: true } },
      chat_template_kwargs: { enable_thinking: false },
      max_completion_tokens: MAX_TOKENS,
    },
    { signal: AbortSignal.timeout(TIMEOUT_MS) },
  );
  const checked = check(rules, JSON.parse(answer.choices[0]?.message.content ?? "null"));
  if ("value" in checked) return checked.value;
  throw new Error(checked.errors.map(({ pointer, message }) => `${pointer} ${message}`).join("; "));
}
