// Runs Workers in workerd for a test: miniflare's options as JSON on the first line of standard input, one line
// {"url", "own"} on standard output when it is ready; ends when standard input is closed.
// Each worker may name its module by `scriptPath`. `own` has the URLs of those with `unsafeDirectSockets`, by name: what is
// sent there goes to that worker without miniflare's own in between.
import { createInterface } from "node:readline";
import { Log, LogLevel, Miniflare } from "miniflare";

const lines = createInterface({ input: process.stdin });
const { value } = await lines[Symbol.asyncIterator]().next();
const options = JSON.parse(value ?? "{}");
const miniflare = new Miniflare({
  host: "127.0.0.1",
  port: 0,
  log: new Log(LogLevel.ERROR),
  ...options,
});
const url = await miniflare.ready;
const own = options.workers
  .filter(({ unsafeDirectSockets }) => unsafeDirectSockets)
  .map(async ({ name }) => [name, (await miniflare.unsafeGetDirectURL(name)).origin]);
console.log(JSON.stringify({ url: url.origin, own: Object.fromEntries(await Promise.all(own)) }));
lines.on("close", async () => {
  await miniflare.dispose();
  process.exit(0);
});
