// A picture by Workers AI, kept in R2 under a name made of the model, the prompt and the seed: the same three are asked
// for once, and are the same picture ever after.
import { decodeBase64 } from "#worker-kit/base64.ts";
import { sha256 } from "#worker-kit/hash.ts";
import { AiUnavailable, aiProblem, infer } from "../../shared/ai.ts";
import { answerStored, links } from "../../shared/stored.ts";
import type { Env } from "./env.ts";

const MODEL = "@cf/black-forest-labs/flux-1-schnell";
const STEPS = 4;
const SIZE = 1024;
/** 4.8 for each of the four tiles of 512 by 512 pixels, and 9.6 for each step. */
const NEURONS = Math.ceil(4 * 4.8 + STEPS * 9.6);

export interface Picture {
  prompt: string;
  seed: number;
}

/** 201 with a picture that was made, 200 with one that was there. Throws a problem (503) where no model answers. */
export async function makePicture(env: Env, { prompt, seed }: Picture): Promise<Response> {
  const name = await sha256(JSON.stringify([MODEL, prompt, seed, STEPS]));
  const known = await env.EFH_IMAGES.head(keyOf(name));
  if (!known)
    await env.EFH_IMAGES.put(keyOf(name), await draw(env, prompt, seed), { httpMetadata: { contentType: TYPE } });
  const published = { name: `${name}.jpg`, etag: etagOf(name), ...links(env, `/i/${name}.jpg`) };
  const about = { contentType: TYPE, width: SIZE, height: SIZE, source: "ai", model: MODEL, seed };
  return Response.json({ ...published, ...about }, { status: known ? 200 : 201 });
}

const TYPE = "image/jpeg";

interface Drawing {
  run: (model: string, inputs: { prompt: string; seed: number; steps: number }) => Promise<{ image?: string }>;
}

async function draw(env: Env, prompt: string, seed: number): Promise<Uint8Array> {
  try {
    const { image } = await infer(env, {
      model: MODEL,
      neurons: NEURONS,
      // Its documentation has a seed; the types have not.
      run: async (ai) => await (ai as unknown as Drawing).run(MODEL, { prompt, seed, steps: STEPS }),
    });
    const bytes = decodeBase64(image ?? "");
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return bytes;
    throw new AiUnavailable("the model gave no JPEG", 60);
  } catch (error) {
    if (error instanceof AiUnavailable) throw aiProblem(error);
    console.warn(JSON.stringify({ message: "no picture was made", model: MODEL, error: String(error) }));
    throw aiProblem(new AiUnavailable("the model did not answer", 60));
  }
}

const HEADERS = {
  "content-type": TYPE,
  "content-security-policy": "default-src 'none'; sandbox",
  "cache-control": "public, max-age=31536000, immutable",
};

/** GET /i/<name>.jpg */
export async function showPicture(request: Request, url: URL, env: Env): Promise<Response | null> {
  const name = /^\/i\/([0-9a-f]{64})\.jpg$/.exec(url.pathname)?.[1];
  if (!name) return null;
  return await answerStored(request, etagOf(name), HEADERS, () => env.EFH_IMAGES.get(keyOf(name)));
}

function keyOf(name: string): string {
  return `pictures/${name}.jpg`;
}

function etagOf(name: string): string {
  return `"${name}"`;
}
