// Runs Workers in workerd for a test: miniflare's options as JSON on the first line of standard input, one line
// {"url"} on standard output when it is ready; ends when standard input is closed.
// Each worker may name its module by `scriptPath`.
import { createInterface } from "node:readline";
import { Log, LogLevel, Miniflare } from "miniflare";

const lines = createInterface({ input: process.stdin });
const { value } = await lines[Symbol.asyncIterator]().next();
const options = JSON.parse(value);
const miniflare = new Miniflare({
  host: "127.0.0.1",
  port: 0,
  log: new Log(LogLevel.ERROR),
  ...options,
});
const url = await miniflare.ready;
console.log(JSON.stringify({ url: url.origin }));
lines.on("close", async () => {
  await miniflare.dispose();
  process.exit(0);
});
