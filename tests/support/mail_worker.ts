// The pure half of the employee's mail, for a table of mails in one request: POST a list of task metas, get what each
// reads as and is classified as. Nothing is stored. POST /written: a list of texts, and what the sender wrote of each.
import { classify } from "../../autopilots/employee/src/mail/classify.ts";
import { bytesOf, readFields, readMessage } from "../../autopilots/employee/src/mail/parse.ts";
import { whatTheSenderWrote } from "../../autopilots/employee/src/mail/written.ts";

type Meta = Record<string, unknown>;

async function read(meta: Meta) {
  const parsed =
    typeof meta.raw === "string"
      ? await readMessage(bytesOf(meta.raw), { from: null, to: null })
      : await readFields(meta);
  return { ...parsed.mail, ...classify(parsed), partial: parsed.partial };
}

export default {
  async fetch(request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/written") {
      const texts = await request.json<string[]>();
      return Response.json(texts.map((text) => whatTheSenderWrote(text)));
    }
    return Response.json(await Promise.all((await request.json<Meta[]>()).map(read)));
  },
} satisfies ExportedHandler;
