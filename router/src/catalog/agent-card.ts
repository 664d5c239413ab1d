// GET /.well-known/agent-card.json: the platform as A2A's agent card describes one (version 0.3 of that protocol), so
// that whoever looks for agents finds what this one can do. It speaks no JSON-RPC: the card says where its own API is.

import catalog from "catalog";
import routingTable from "routing-table";
import type { Call } from "../http/call.ts";

const TRANSPORT = "HTTP+OPENAPI"; // an open form: A2A's own three are others

/** The tasks, and the capabilities without one, each as a skill: of those that the caller may ask for. */
export function showAgentCard({ url, env, rule }: Call): Response {
  const at = (path: string) => new URL(path, env.PUBLIC_URL ?? url).href;
  const { tasks } = routingTable;
  const able = new Set(routingTable.autopilots.flatMap(({ capabilities }) => capabilities));
  const named = new Set(Object.values(tasks).map(({ capability }) => capability));
  const asked = [
    ...Object.entries(tasks).map(([name, { capability, description }]) => ({ name, capability, description })),
    ...[...able].filter((name) => !named.has(name)).map((name) => ({ name, capability: name, description: "" })),
  ];
  const mine = rule?.tasks.length ? asked.filter(({ name }) => rule.tasks.includes(name)) : asked;
  return Response.json({
    protocolVersion: "0.3.0",
    name: "Autopilot Orchestrator",
    description: "Routes each task to the autopilot that can do it. POST {task, meta} as the API document says.",
    url: at("/autopilot/plan"),
    preferredTransport: TRANSPORT,
    documentationUrl: at("/openapi.json"),
    version: env.BUILD_ID ?? "0",
    capabilities: { streaming: false, pushNotifications: false },
    securitySchemes: { token: { type: "http", scheme: "bearer" } },
    security: [{ token: [] }],
    defaultInputModes: ["application/json"],
    defaultOutputModes: ["application/json"],
    skills: mine.map(({ name, capability, description }) => {
      const entry = Object.hasOwn(catalog, capability) ? catalog[capability] : undefined;
      return {
        id: name,
        name: entry?.title ?? name,
        description: entry?.description || description || capability,
        tags: [capability],
        examples: entry?.examples.map(({ meta }) => JSON.stringify(meta)) ?? [],
      };
    }),
  });
}
