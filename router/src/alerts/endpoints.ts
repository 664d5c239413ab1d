// GET /autopilot/alerts: each alert with its state, and when all were evaluated last, since a cron that has stopped tells
// nobody anything. POST /autopilot/alerts/test: a message to each channel.

import routingTable from "routing-table";
import type { Call } from "../http/call.ts";
import { record } from "../journal/journal.ts";
import { readSnapshot } from "../snapshot.ts";
import { alertUrls, deliver } from "./deliver.ts";

export async function listAlerts({ env, requestId }: Call): Promise<Response> {
  const snapshot = await readSnapshot(env, requestId);
  const urls = alertUrls(env);
  const alerts = Object.entries(routingTable.alerts).map(([name, { when, to, forMs, resolveMs }]) => ({
    ...{ name, when, to, forSeconds: forMs / 1000, resolveSeconds: resolveMs / 1000 },
    ...{ state: "normal", since: null, value: null, text: null, ...snapshot?.alerts?.[name] },
  }));
  return Response.json({
    evaluatedAt: snapshot?.alerts ? snapshot.at : null,
    alerts,
    unsent: snapshot?.unsentAlerts?.length ?? 0,
    withoutUrl: channels().filter((channel) => !Object.hasOwn(urls, channel)),
  });
}

export async function testAlerts(call: Call): Promise<Response> {
  const { env, caller } = call;
  const at = new Date().toISOString();
  const message = {
    alert: "test",
    state: "test",
    when: "",
    text: `${caller} asked for a test.`,
    since: at,
    at,
  } as const;
  const results = await Promise.all(
    channels().map(async (channel) => {
      const why = await deliver(env, channel, message);
      return { channel, delivered: why === "", why };
    }),
  );
  const failed = results.filter(({ delivered }) => !delivered).length;
  const detail = `${results.length} channels, ${failed} not reached`;
  record(call, { kind: "alert", caller, outcome: failed > 0 ? "failed" : "done", detail: `test: ${detail}` });
  return Response.json({ channels: results });
}

function channels(): string[] {
  return [...new Set(Object.values(routingTable.alerts).flatMap(({ to }) => to))].sort();
}
