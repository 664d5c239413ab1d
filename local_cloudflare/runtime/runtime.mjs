// The process that runs Workers: node runtime.mjs --data DIR [--workers-port N], with LOCAL_RUNTIME_TOKEN set, and
// LOCAL_QUEUES_ADDRESS and LOCAL_QUEUES_TOKEN where Workers may be bound to queues.
//
//   bridge.py ──control──▶ fleet ──▶ generation: workerd with the Workers that are needed ──┐
//       │                    ▲                                                              ├─▶ data: workerd with
//   http://<worker>.localhost ──▶ front                                                     │   KV, R2 and D1
//       └───────────────────────────────────────────────────────────────────────gateway─────┘
//
// Prints one line of JSON when it is ready, {workersPort, controlPort, dataAddress}, or {error}. It ends when its
// standard input is closed, so it can't outlive whoever started it.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { WorkersAi } from "./ai.mjs";
import { Checker } from "./checker.mjs";
import { createControl } from "./control.mjs";
import { startData } from "./data.mjs";
import { Fleet } from "./fleet.mjs";
import { Front } from "./front.mjs";
import { Logs } from "./logs.mjs";

const STOP = 1_500; // ms that stopping may take

const { values } = parseArgs({
  options: { data: { type: "string" }, "workers-port": { type: "string", default: "0" } },
});
const token = process.env.LOCAL_RUNTIME_TOKEN;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server.address().port));
  });
}

async function run() {
  if (values.data === undefined) throw new Error("--data DIR is missing");
  const directory = join(values.data, "logs");
  const logs = new Logs(directory);
  const log = join(directory, "workerd.log");
  const ai = new WorkersAi();
  const context = { token, logs, log, ai };
  const fleet = new Fleet(context);
  const checker = new Checker(log);
  const front = new Front(fleet, token);
  const control = createControl({ fleet, front, checker, logs, token, ai });
  const workersPort = await front.start(Number(values["workers-port"]));
  const data = await startData({ directory: values.data, token, log });
  const { LOCAL_QUEUES_ADDRESS: address, LOCAL_QUEUES_TOKEN: queuesToken } = process.env;
  const queues = address && { address, token: queuesToken };
  Object.assign(context, { frontPort: workersPort, data: { address: data.address, token }, queues });
  const controlPort = await listen(control, 0);

  async function stop() {
    setTimeout(() => process.exit(1), STOP).unref();
    front.stop();
    control.close().closeAllConnections();
    await Promise.all([fleet.dispose(), checker.dispose(), data.dispose()]);
    process.exit(0);
  }
  process.stdin.on("close", stop).resume();
  process.on("SIGTERM", stop);
  say({ workersPort, controlPort, dataAddress: data.address });
}

run().catch((error) => {
  say({ error: error.message });
  process.exit(1);
});
