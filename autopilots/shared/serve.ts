// What every autopilot is: GET /health, and POST / with a signed {task, capability, meta}; some serve public pages too.
// An autopilot only names what it needs and gives a handler for each capability.
import * as v from "valibot";
import { parseJson, readJsonText } from "#worker-kit/body.ts";
import { sha256 } from "#worker-kit/hash.ts";
import { log } from "#worker-kit/log.ts";
import { Problem } from "#worker-kit/problem.ts";
import { requestIdOf } from "#worker-kit/request-id.ts";
import { SignatureError, verify } from "#worker-kit/signature.ts";
import { check, isObject, string } from "#worker-kit/validation.ts";
import { type Finding, showHealth, unbound } from "./health.ts";
import { notConfigured } from "./problem.ts";
import { type Needs, requireSettings, unavailable } from "./settings.ts";

/** The orchestrator takes 1 MiB from its callers and wraps it in an envelope. */
const MAX_BODY_BYTES = 1024 * 1024 + 16 * 1024;

export interface BaseEnv {
  /** The secrets of the autopilots below, with spaces between them. */
  WEBHOOK_SECRET: string;
  /** The names of the autopilots whose tasks this Worker does, with spaces between them. */
  AUTOPILOTS: string;
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
  /** Who asked the orchestrator for it; "" where nobody presented a token. */
  caller: string;
  /**
   * Equal for a repeat of the same call and for no other: of the caller, the capability and the caller's
   * Idempotency-Key, or else the signed message's id.
   */
  repeatKey: string;
  /** Of a task that must not be done twice; null for another. */
  run: Run | null;
  /** Somebody's word on what the run waits for, in place of the task itself; null for a task. */
  approval: Approval | null;
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

/** Who approves a run, or does not. The orchestrator has checked that they may. */
export interface Approval {
  approved: boolean;
  by: string;
  note: string | null;
}

type Handler<Env> = (call: Call<Env>) => Promise<Response>;

export interface Autopilot<Env> {
  capabilities: Record<string, Handler<Env>>;
  /** Those that must never be done twice: they are refused without the orchestrator's run. */
  once?: readonly string[];
  /** Those of which a run may wait for somebody's approval. */
  approvable?: readonly string[];
  /** Bindings, secrets and variables without which nothing works. */
  required: readonly (keyof Env & string)[];
  /** What only some capabilities need. */
  needs?: Needs<Env>;
  /** What `/health` says besides, where all of `required` is bound; only of a Worker that nobody reaches from outside. */
  inspect?: (env: Env) => Promise<Finding>;
  /** GET and HEAD of a public page; null where there is none. */
  page?: (request: Request, url: URL, env: Env) => Promise<Response | null>;
  /** Any request of another path, with a guard of its own; null where there is nothing. */
  other?: (request: Request, url: URL, env: Env) => Promise<Response | null>;
}

export function serve<Env extends BaseEnv>(autopilot: Autopilot<Env>): ExportedHandler<Env> {
  const required = ["WEBHOOK_SECRET", "AUTOPILOTS", ...autopilot.required];
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
    if (!reading) refuseMethod("GET, HEAD");
    const { required, needs = {}, inspect } = autopilot;
    const found = unbound(env, required).length === 0 ? await inspect?.(env) : undefined;
    return showHealth(env, required, unavailable(env, needs), found);
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
  if (autopilot.other) {
    requireBound(env, autopilot.required);
    const answer = await autopilot.other(request, url, env);
    if (answer) return answer;
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
  { capabilities, once = [], approvable = [], required, needs = {} }: Autopilot<Env>,
): Promise<{ handler: Handler<Env>; call: Call<Env> }> {
  requireBound(env, required);
  const body = await readJsonText(request, MAX_BODY_BYTES);
  await requireSignature(env, request.headers, body);
  const { capability, meta, autopilot, caller, run, approval } = readEnvelope(body);
  if (!env.AUTOPILOTS.split(" ").includes(autopilot)) {
    const detail = `This task is for the autopilot ${autopilot}, and this one is ${env.AUTOPILOTS}.`;
    throw new Problem({ status: 421, title: "For another autopilot", detail });
  }
  const handler = Object.hasOwn(capabilities, capability) ? capabilities[capability] : undefined;
  if (!handler) {
    const known = Object.keys(capabilities);
    const detail = `This autopilot does not have ${capability}.`;
    throw new Problem({ status: 404, title: "Unknown capability", detail, members: { capability, known } });
  }
  requireSettings(env, needs, capability);
  const idempotencyKey = request.headers.get("idempotency-key") || null;
  if (once.includes(capability) && !run) {
    const detail = `${capability} must never be done twice, so it is done only as a run of the orchestrator's.`;
    throw new Problem({ status: 400, title: "Run required", detail });
  }
  if (approval && !(run && approvable.includes(capability))) {
    const detail = `${capability} waits for nobody's approval.`;
    throw new Problem({ status: 409, title: "Not waiting for approval", detail });
  }
  const repeatKey =
    idempotencyKey === null
      ? (request.headers.get("webhook-id") ?? requestId)
      : await sha256(JSON.stringify([caller, capability, idempotencyKey]));
  if (run && run.key !== idempotencyKey) {
    const detail = "The header Idempotency-Key is not the one that was signed.";
    throw new Problem({ status: 400, title: "Idempotency-Key changed", detail });
  }
  return { handler, call: { env, meta, requestId, idempotencyKey, caller, repeatKey, run, approval, later } };
}

const NAME = string(/^[\x21-\x7e]+$/, { max: 200, message: "must be a name" });
const ENVELOPE = v.object(
  {
    task: NAME,
    capability: NAME,
    autopilot: NAME,
    caller: v.string("must be a text"),
    meta: v.optional(v.unknown()),
    run: v.optional(v.unknown()),
    approval: v.optional(
      v.object({
        approved: v.boolean("must be true or false"),
        by: v.string("must be a text"),
        note: v.nullable(v.string("must be a text")),
      }),
    ),
  },
  "must be a name",
);

interface Envelope {
  capability: string;
  meta: unknown;
  autopilot: string;
  caller: string;
  run: Run | null;
  approval: Approval | null;
}

/** `{task, capability, meta, autopilot, caller, run?}`; more may come with later orchestrators and is passed over. */
function readEnvelope(body: string): Envelope {
  const value = parseJson(body);
  const checked = check(ENVELOPE, isObject(value) ? value : {});
  if ("errors" in checked) {
    const { errors } = checked;
    const detail = "Send {task, capability, meta, autopilot, caller}.";
    throw new Problem({ status: 422, title: "Invalid task", detail, members: { errors } });
  }
  const { meta, run, approval, ...named } = checked.value;
  return {
    ...named,
    meta: meta ?? {},
    run: isObject(run) ? (run as unknown as Run) : null,
    approval: approval ?? null,
  };
}

/** Throws a problem: 401, or 503 where no usable secret is bound. */
async function requireSignature({ WEBHOOK_SECRET }: BaseEnv, headers: Headers, body: string): Promise<void> {
  try {
    await verify(WEBHOOK_SECRET, headers, body, Date.now());
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    if (error.kind === "secret") {
      throw notConfigured(["WEBHOOK_SECRET"], "`pulumi up` binds it to every autopilot's Worker.");
    }
    throw new Problem({
      status: 401,
      title: "Signature refused",
      detail: `${error.message}. Call this autopilot through the orchestrator, which signs each task.`,
      headers: { "www-authenticate": 'StandardWebhooks realm="autopilot"' },
    });
  }
}

function requireBound(env: object, names: readonly string[]): void {
  const missing = unbound(env, names);
  if (missing.length > 0) throw notConfigured(missing, "`pulumi up` binds it to this Worker.");
}

function refuseMethod(allow: string): never {
  throw new Problem({ status: 405, title: "Method not allowed", detail: `Use ${allow}.`, headers: { allow } });
}
