// What an `ai` binding is on this machine: an upload with one works, a call says why it can't.
function unavailable() {
  throw new Error("Workers AI is not available on this machine: it runs on Cloudflare only");
}

export default function bind() {
  return { run: unavailable, models: unavailable, gateway: unavailable, toMarkdown: unavailable, autorag: unavailable };
}
