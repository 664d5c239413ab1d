// What an `ai` binding is on this machine: `run` asks the stand-in (ai.mjs) and throws as the real one does; what it has
// beside that says that it is not here.
/** @param {{SERVICE: Fetcher}} env */
export default function bind({ SERVICE }) {
  return {
    /** @param {string} model @param {object} inputs @param {{signal?: AbortSignal}} options */
    async run(model, inputs, options = {}) {
      const body = JSON.stringify({ model, inputs });
      const response = await SERVICE.fetch("http://ai/run", { method: "POST", body, signal: options.signal ?? null });
      const answer = /** @type {any} */ (await response.json());
      if (response.ok) return answer;
      throw Object.assign(new Error(`${answer.code}: ${answer.message}`), { name: "InferenceUpstreamError" });
    },
    models: unavailable,
    gateway: unavailable,
    toMarkdown: unavailable,
    autorag: unavailable,
  };
}

function unavailable() {
  throw new Error("Of Workers AI only run() is available on this machine");
}
