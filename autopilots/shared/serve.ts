// What every autopilot is: GET /health, and POST / with a signed {task, capability, meta}; some serve public pages too.
// An autopilot only names what it needs and gives a handler for each capability.
import * as v from "valibot";
import { parseJson, readJsonText } from "#worker-kit/body.ts";
import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import { requestIdOf } from "#worker-kit/request-id.ts";
import { check, isObject, string } from "#worker-kit/validation.ts";
import { showHealth } from "./health.ts";
import { notConfigured } from "./problem.ts";
import { verifySignature } from "./signature.ts";

/** The orchestrator takes 1 MiB from its callers and wraps it in an envelope. */
const MAX_BODY_BYTES = 1024 * 1024 + 16 * 1024;

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
interface Run {
  id: string;
  /** The caller's Idempotency-Key, which is the caller's own: another may use the same. */
  key: string;
  caller: string;
  /** One more each time that nothing came of the one before, for certain or by what a person found out. */
  attempt: number;
}

type Handler<Env> = (call: Call<Env>) => Promise<Response>;

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
      const requestId = requestIdOf(request);
      try {
        return await route(request, env, requestId, later, { ...autopilot, required } as Autopilot<Env>);
      } catch (error) {
        if (error instanceof Problem) return error.toResponse(requestId);
        log("unexpected error", requestId, error);
        const detail = "An unexpected error; the autopilot's log has it under this requestId.";
        return new Problem({ status: 500, title: "The autopilot failed", detail }).toResponse(requestId);
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
    return reading ? showHealth(env, autopilot.required, autopilot.optional) : refuseMethod("GET, HEAD");
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
  throw new Problem({ status: 404, title: "Not found", detail: `Nothing is at ${url.pathname}.` });
}

/** A problem from before the work began says so. */
function nothingDone(error: unknown): never {
  throw error instanceof Problem ? error.with({ outcome: "rejected" }) : error;
}

async function accept<Env extends BaseEnv>(
  request: Request,
  env: Env,
  requestId: string,
  later: Call<Env>["later"],
  { capabilities, required }: Autopilot<Env>,
): Promise<{ handler: Handler<Env>; call: Call<Env> }> {
  requireBound(env, required);
  const body = await readJsonText(request, MAX_BODY_BYTES);
  verifySignature(env.WEBHOOK_SECRET, request.headers, body);
  const { capability, meta, run } = envelope(body);
  const handler = Object.hasOwn(capabilities, capability) ? capabilities[capability] : undefined;
  if (!handler) {
    const known = Object.keys(capabilities);
    const detail = `This autopilot does not have ${capability}.`;
    throw new Problem({ status: 404, title: "Unknown capability", detail, members: { capability, known } });
  }
  const idempotencyKey = request.headers.get("idempotency-key") || null;
  const repeatKey = idempotencyKey ?? request.headers.get("webhook-id") ?? requestId;
  if (run && run.key !== idempotencyKey) {
    const detail = "The header Idempotency-Key is not the one that was signed.";
    throw new Problem({ status: 400, title: "Idempotency-Key changed", detail });
  }
  return { handler, call: { env, meta, requestId, idempotencyKey, repeatKey, run, later } };
}

const NAME = string(/^[\x21-\x7e]+$/, { max: 200, message: "must be a name" });
const ENVELOPE = v.object(
  { task: NAME, capability: NAME, meta: v.optional(v.unknown()), run: v.optional(v.unknown()) },
  "must be a name",
);

/** `{task, capability, meta, run?}`; more members may come with later orchestrators and are passed over. */
function envelope(body: string): { capability: string; meta: unknown; run: Run | null } {
  const value = parseJson(body);
  const checked = check(ENVELOPE, isObject(value) ? value : {});
  if ("errors" in checked) {
    const { errors } = checked;
    throw new Problem({
      status: 422,
      title: "Invalid task",
      detail: "Send {task, capability, meta}.",
      members: { errors },
    });
  }
  const { capability, meta, run } = checked.value;
  return { capability, meta: meta ?? {}, run: isObject(run) ? (run as unknown as Run) : null };
}

function requireBound(env: object, names: readonly string[]): void {
  const missing = names.filter((name) => !(env as Record<string, unknown>)[name]);
  if (missing.length > 0) throw notConfigured(missing, "`pulumi up` binds it to this Worker.");
}

function refuseMethod(allow: string): never {
  throw new Problem({ status: 405, title: "Method not allowed", detail: `Use ${allow}.`, headers: { allow } });
}
