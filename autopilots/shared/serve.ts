// What every autopilot is: GET /health, and POST / with a signed {task, capability, meta}; some serve public pages too.
// An autopilot only names what it needs and gives a handler for each capability.
import { readJsonText } from "./body.ts";
import { health } from "./health.ts";
import { notConfigured, Problem } from "./problem.ts";
import { verifySignature } from "./signature.ts";
import { isObject, type Issue, string } from "./validate.ts";

export interface BaseEnv {
  WEBHOOK_SECRET: string;
  STAGE: string;
}

/** One task, signed by the orchestrator. */
export interface Call<Env> {
  env: Env;
  /** As sent; for the handler to validate. */
  meta: unknown;
  requestId: string;
  /** The caller's Idempotency-Key, or null. */
  idempotencyKey: string | null;
  /** Equal for a repeat of the same call: the caller's Idempotency-Key, or else the signed message's id. */
  repeatKey: string;
  /** Of a task that must not be done twice; null for another. */
  run: Run | null;
  /** Takes work that goes on after the answer, or when the caller is gone. */
  later: (work: Promise<unknown>) => void;
}

/** What the orchestrator says of such a task, signed with the body. */
export interface Run {
  id: string;
  /** The caller's Idempotency-Key, which is the caller's own: another may use the same. */
  key: string;
  caller: string;
  /** One more each time that nothing came of the one before, for certain or by what a person found out. */
  attempt: number;
}

export type Handler<Env> = (call: Call<Env>) => Promise<Response>;

export interface Autopilot<Env> {
  capabilities: Record<string, Handler<Env>>;
  /** Bindings, secrets and variables without which nothing works. */
  required: readonly (keyof Env & string)[];
  /** Those that only some capabilities need. */
  optional: readonly (keyof Env & string)[];
  /** GET and HEAD of a public page; null where there is none. */
  page?: (request: Request, url: URL, env: Env) => Promise<Response | null>;
}

export function serve<Env extends BaseEnv>(autopilot: Autopilot<Env>): ExportedHandler<Env> {
  const required = ["WEBHOOK_SECRET", ...autopilot.required];
  return {
    async fetch(request, env, context) {
      const later = (work: Promise<unknown>) => context.waitUntil(work);
      const requestId = requestIdOf(request.headers);
      try {
        return await route(request, env, requestId, later, { ...autopilot, required } as Autopilot<Env>);
      } catch (error) {
        if (error instanceof Problem) return error.toResponse(requestId);
        const text = error instanceof Error ? error.stack : String(error);
        console.error(JSON.stringify({ message: "unexpected error", requestId, error: text }));
        const detail = "An unexpected error; the autopilot's log has it under this requestId.";
        return new Problem(500, "The autopilot failed", detail).toResponse(requestId);
      }
    },
  };
}

async function route<Env extends BaseEnv>(
  request: Request,
  env: Env,
  requestId: string,
  later: Call<Env>["later"],
  autopilot: Autopilot<Env>,
): Promise<Response> {
  const url = new URL(request.url);
  const reading = request.method === "GET" || request.method === "HEAD";
  if (url.pathname === "/health") {
    return reading ? health(env, autopilot.required, autopilot.optional) : refuseMethod("GET, HEAD");
  }
  if (url.pathname === "/") {
    if (request.method !== "POST") refuseMethod("POST");
    const { handler, call } = await accept(request, env, requestId, later, autopilot).catch(nothingDone);
    return await handler(call);
  }
  if (reading && autopilot.page) {
    requireBound(env, autopilot.required);
    const page = await autopilot.page(request, url, env);
    if (page) return page;
  }
  throw new Problem(404, "Not found", `Nothing is at ${url.pathname}.`);
}

/** A problem from before the work began says so. */
function nothingDone(error: unknown): never {
  if (!(error instanceof Problem)) throw error;
  const { status, title, message, members, headers } = error;
  throw new Problem(status, title, message, { ...members, outcome: "rejected" }, headers);
}

async function accept<Env extends BaseEnv>(
  request: Request,
  env: Env,
  requestId: string,
  later: Call<Env>["later"],
  { capabilities, required }: Autopilot<Env>,
): Promise<{ handler: Handler<Env>; call: Call<Env> }> {
  requireBound(env, required);
  const body = await readJsonText(request);
  verifySignature(env.WEBHOOK_SECRET, request.headers, body);
  const { capability, meta, run } = envelope(body);
  const handler = Object.hasOwn(capabilities, capability) ? capabilities[capability] : undefined;
  if (!handler) {
    const known = Object.keys(capabilities);
    throw new Problem(404, "Unknown capability", `This autopilot does not have ${capability}.`, { capability, known });
  }
  const idempotencyKey = request.headers.get("idempotency-key") || null;
  const repeatKey = idempotencyKey ?? request.headers.get("webhook-id") ?? requestId;
  if (run && run.key !== idempotencyKey) {
    throw new Problem(400, "Idempotency-Key changed", "The header Idempotency-Key is not the one that was signed.");
  }
  return { handler, call: { env, meta, requestId, idempotencyKey, repeatKey, run, later } };
}

/** `{task, capability, meta, run?}`; more members may come with later orchestrators and are passed over. */
function envelope(body: string): { capability: string; meta: unknown; run: Run | null } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new Problem(400, "Malformed body", "The body is not JSON.");
  }
  const issues: Issue[] = [];
  const members = isObject(value) ? value : {};
  const name = string(/^[\x21-\x7e]+$/, { max: 200, message: "must be a name" });
  name(members.task, "/task", issues);
  const capability = name(members.capability, "/capability", issues);
  if (issues.length > 0) throw new Problem(422, "Invalid task", "Send {task, capability, meta}.", { errors: issues });
  return { capability, meta: members.meta ?? {}, run: isObject(members.run) ? (members.run as unknown as Run) : null };
}

function requireBound(env: object, names: readonly string[]): void {
  const missing = names.filter((name) => !(env as Record<string, unknown>)[name]);
  if (missing.length > 0) throw notConfigured(missing, "`pulumi up` binds it to this Worker.");
}

function refuseMethod(allow: string): never {
  throw new Problem(405, "Method not allowed", `Use ${allow}.`, {}, { allow });
}

/** The orchestrator's id for the request, so that one search finds it in both logs; else a new one. */
function requestIdOf(headers: Headers): string {
  const given = headers.get("x-request-id") ?? "";
  return /^[\w.:-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}
