// Stands in for Workers AI: no model runs, and nothing leaves this machine. It takes the product's three models with the
// inputs that they take, answers in their shapes with words made of the question, counts neurons as the free plan does,
// and fails on request: `set({faults})`, see docs/local-cloudflare.md.
import { Response } from "miniflare";
import { answerOf } from "./ai-words.mjs";

const FREE_NEURONS = 10_000;
const ERRORS = {
  spent: [
    429,
    3036,
    "You have used up your daily free allocation of 10,000 neurons. Please upgrade to Cloudflare's Workers Paid plan if you would like to continue usage.",
  ],
  busy: [429, 3040, "Capacity temporarily exceeded, please try again."],
  failed: [500, 3043, "Internal server error"],
};
const EFFECTS = [...Object.keys(ERRORS), "no-json", "off-schema", "slow"];
// The smallest JPEG, of one grey pixel.
const PICTURE =
  "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=";

/** @type {Record<string, {check: (inputs: any) => string, run: (inputs: any, effect?: string) => {answer: object, neurons: number}}>} */
const MODELS = {
  "@cf/zai-org/glm-4.7-flash": {
    check: wrongMessages,
    run(inputs, effect) {
      const { content, usage } = write(inputs, inputs.response_format?.json_schema?.schema, effect);
      const message = { role: "assistant", content };
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      const neurons = (usage.prompt_tokens * 0.06 + usage.completion_tokens * 0.4) / 11;
      return { answer: { object: "chat.completion", choices, usage }, neurons };
    },
  },
  "@cf/meta/llama-3.2-3b-instruct": {
    check: wrongMessages,
    run(inputs, effect) {
      const { content, usage } = write(inputs, inputs.response_format?.json_schema, effect);
      return { answer: { response: content, usage }, neurons: 5 };
    },
  },
  "@cf/black-forest-labs/flux-1-schnell": {
    check({ prompt, steps = 4 }) {
      const isText = typeof prompt === "string" && prompt.length >= 1 && prompt.length <= 2048;
      if (!isText) return "Length of '/prompt' must be >= 1 and <= 2048";
      return Number.isInteger(steps) && steps >= 1 && steps <= 8 ? "" : "'/steps' must be >= 1 and <= 8";
    },
    run: ({ steps = 4 }) => ({ answer: { image: PICTURE }, neurons: 4 * 4.8 + steps * 9.6 }),
  },
};

export class WorkersAi {
  #faults = [];
  #used = { day: "", neurons: 0 };
  #calls = [];

  /** `faults`: entries of {effect, model?, times?, seconds?}; each strikes `times` calls, or all. Replaces those before. */
  set({ faults = [], neurons }) {
    for (const { effect } of faults) {
      if (!EFFECTS.includes(effect)) throw new Error(`effect must be one of ${EFFECTS.join(", ")}`);
    }
    this.#faults = faults.map((fault) => ({ times: Infinity, ...fault }));
    this.#calls = [];
    if (neurons !== undefined) this.#used = { day: today(), neurons };
    return this.state();
  }

  state() {
    return { day: today(), neurons: this.#spent(), faults: this.#faults, calls: this.#calls };
  }

  /** What the binding asks for: POST {model, inputs}. */
  async answer(request) {
    const { model, inputs } = /** @type {any} */ (await request.json());
    const fault = this.#faults.find((each) => each.times > 0 && (each.model ?? model) === model);
    if (fault) fault.times -= 1;
    this.#calls.push({ model, effect: fault?.effect ?? null });
    if (this.#calls.length > 1_000) this.#calls.shift();
    if (fault?.effect === "slow") await new Promise((resolve) => setTimeout(resolve, 1000 * (fault.seconds ?? 1)));
    const known = Object.hasOwn(MODELS, model) ? MODELS[model] : undefined;
    if (!known) return refuse(400, 5007, `No such model ${model} or task`);
    const wrong = known.check(inputs ?? {});
    if (wrong) return refuse(400, 5006, `Error: ${wrong}`);
    const spent = this.#spent() >= FREE_NEURONS ? "spent" : undefined;
    const error = ERRORS[spent ?? fault?.effect];
    if (error) return refuse(...error);
    const { answer, neurons } = known.run(inputs, fault?.effect);
    this.#used = { day: today(), neurons: this.#spent() + neurons };
    return Response.json(answer);
  }

  #spent() {
    return this.#used.day === today() ? this.#used.neurons : 0;
  }
}

function wrongMessages({ messages }) {
  const isMessage = ({ role, content }) =>
    ["system", "user", "assistant"].includes(role) && typeof content === "string";
  return Array.isArray(messages) && messages.length > 0 && messages.every(isMessage)
    ? ""
    : "required properties at '/' are 'messages', a list of {role, content}";
}

function write({ messages, max_completion_tokens: most = 1_500 }, schema, effect) {
  const broken = { "no-json": "Here is what you asked for:", "off-schema": '{"answer": 42}' };
  const whole = broken[effect] ?? answerOf(messages, schema);
  const tokens = (text) => Math.ceil(text.length / 4);
  const prompt_tokens = tokens(messages.map(({ content }) => content).join(""));
  const completion_tokens = Math.min(tokens(whole), most);
  // An answer that is too long is cut, as there.
  const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  return { content: whole.slice(0, most * 4), usage };
}

function refuse(status, code, message) {
  return Response.json({ code, message }, { status });
}

function today() {
  return new Date().toISOString().slice(0, 10);
}
