// The words of a page or an asset: written by Workers AI where it is bound, else by a template. AI is never
// required: when it fails, the template's words are used and the answer says so.
import type * as v from "valibot";
import { check } from "#worker-kit/validation.ts";
import { type AiEnv, AiUnavailable, infer } from "../../shared/ai.ts";

// Fast, multilingual, on the free plan some 180 pages a day: 10,000 neurons are $0.11, and a page is at most 1,500
// tokens at $0.40 a million.
const MODEL = "@cf/zai-org/glm-4.7-flash";
/** Of both tries together: a task has 25 s. */
const TIMEOUT_MS = 18_000;
const MAX_TOKENS = 1500;
/** Of a whole answer to the longest question that is asked. */
const NEURONS = neuronsOf(2000, MAX_TOKENS);
/** Of what is said about a refused answer. */
const MAX_MISTAKES = 500;

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

export const textSchema = { type: "string" };

export function objectSchema(properties: Record<string, unknown>) {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

/** `env`: null where nothing is to be written by a model. */
export async function writeCopy<T>(env: AiEnv | null, assignment: Assignment<T>): Promise<Written<T>> {
  if (!env?.AI) return { copy: assignment.template, source: "template" };
  try {
    return { copy: await askTwice(env, assignment), source: "ai" };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.warn(JSON.stringify({ message: "Workers AI was not used", model: MODEL, error: why }));
    const note =
      error instanceof AiUnavailable
        ? `No model was asked, since ${why}; the template's words were used.`
        : "Workers AI gave no usable text; the template's was used.";
    return { copy: assignment.template, source: "template", note };
  }
}

/** An answer that breaks the rules is asked for once more, in the same time. A call that fails is not retried. */
async function askTwice<T>(env: AiEnv, assignment: Assignment<T>): Promise<T> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const first = read(assignment, await ask(env, assignment, signal));
  if ("value" in first) return first.value;
  const second = read(assignment, await ask(env, assignment, signal, first.mistakes));
  if ("value" in second) return second.value;
  throw new Error(second.mistakes);
}

function read<T>({ rules }: Assignment<T>, content: string): { value: T } | { mistakes: string } {
  let answer: unknown;
  try {
    answer = JSON.parse(content);
  } catch {
    return { mistakes: "It was no JSON." };
  }
  const checked = check(rules, answer);
  if ("value" in checked) return checked;
  return { mistakes: checked.errors.map(({ pointer, message }) => `${pointer} ${message}`).join("; ") };
}

async function ask<T>(
  env: AiEnv,
  { instruction, subject, schema }: Assignment<T>,
  signal: AbortSignal,
  mistakes = "",
): Promise<string> {
  const again = mistakes && ` An earlier answer was refused: ${mistakes.slice(0, MAX_MISTAKES)}`;
  const system = `${instruction} Write plain text without markup. Make up no facts, prices, numbers or quotations.${again}`;
  const inputs = {
    messages: [
      { role: "system" as const, content: system },
      { role: "user" as const, content: JSON.stringify(subject) },
    ],
    response_format: { type: "json_schema" as const, json_schema: { name: "copy", schema, strict: true } },
    chat_template_kwargs: { enable_thinking: false },
    max_completion_tokens: MAX_TOKENS,
  };
  const answer = await infer(env, {
    model: MODEL,
    neurons: NEURONS,
    run: async (ai) => await ai.run(MODEL, inputs, { signal }),
    used: ({ usage }) => (usage ? neuronsOf(usage.prompt_tokens, usage.completion_tokens) : undefined),
  });
  return answer.choices[0]?.message.content ?? "";
}

/** $0.06 a million tokens read and $0.40 written, at $0.011 for 1,000 neurons. */
function neuronsOf(read: number, written: number): number {
  return Math.ceil((read * 0.06 + written * 0.4) / 11);
}
