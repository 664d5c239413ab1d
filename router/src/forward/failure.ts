// What is told about a task that could not be forwarded: what became of it, whether it is safe to send it again, and
// what to do. The twin of orchestrator/dispatch/failure.py.
//
// `not-sent`: certain that the autopilot did not get it. `rejected`: it got it and did not do it. `unknown`: it may have
// done it. Nothing of the exception itself is told: it may name what is internal.

import { Problem } from "#worker-kit/problem.ts";
import { FORWARD_FAILED } from "../http/problem.ts";
import type { Decision } from "../routing/decide.ts";

export interface Failure {
  readonly outcome: "not-sent" | "rejected" | "unknown";
  /** Why, as the end of a sentence that begins with the autopilot's name. */
  readonly why: string;
  readonly hint: string;
  readonly timedOut?: boolean;
  /** It may be over in a moment, so a second try makes sense where it is safe. */
  readonly isPassing?: boolean;
  /** The autopilot itself answered, though not as it should: it is not down. */
  readonly hasAnswered?: boolean;
  /** The orchestrator itself was too slow to ask. */
  readonly isOurs?: boolean;
  /** When it makes sense to try again, in seconds. */
  readonly retryAfter?: number;
}

const LOOK_AT_LOGS = "Look at the autopilot's logs under the same request id before you send it again.";

/** Answers of Cloudflare's edge in the autopilot's place: a body `error code: …`. */
const EDGE: Readonly<Record<number, Omit<Failure, "timedOut">>> = {
  1016: {
    outcome: "not-sent",
    why: "has an endpoint whose host name does not resolve (Cloudflare error 1016)",
    hint: "Check the host of `endpoint` in autopilots.yaml.",
  },
  1019: {
    outcome: "unknown",
    why: "leads back to itself (Cloudflare error 1019)",
    hint: "Check that the autopilot does not forward to the orchestrator.",
  },
  1027: {
    outcome: "not-sent",
    why: "is on an account that has used up its daily requests (Cloudflare error 1027)",
    hint: "Wait until 00:00 UTC, or put the account on the paid plan.",
  },
  1042: {
    outcome: "not-sent",
    why: "is a Worker of the same account, which cannot be fetched over its workers.dev address (Cloudflare error 1042)",
    hint: "Name its Worker under `worker:` in autopilots.yaml, so that it gets a service binding, then run `pulumi up`.",
  },
  521: {
    outcome: "not-sent",
    why: "refused the connection (Cloudflare error 521)",
    hint: "Check that it runs.",
    isPassing: true,
  },
  523: {
    outcome: "not-sent",
    why: "could not be reached (Cloudflare error 523)",
    hint: "Check its DNS record.",
    isPassing: true,
  },
  525: {
    outcome: "not-sent",
    why: "did not complete the TLS handshake (Cloudflare error 525)",
    hint: "Check its certificate.",
  },
  526: {
    outcome: "not-sent",
    why: "has a TLS certificate that is not valid (Cloudflare error 526)",
    hint: "Renew its certificate.",
  },
};

/** The failure that Cloudflare's edge reports by an answer of its own, if this body is one. */
export function edgeFailure(status: number, body: Uint8Array): Failure | undefined {
  if (status < 400 || body.byteLength > 64) return undefined;
  const code = /^error code: (\d{3,4})\s*$/.exec(new TextDecoder().decode(body))?.[1];
  if (code === undefined) return undefined;
  return (
    EDGE[Number(code)] ?? {
      outcome: "unknown",
      why: `could not be asked: Cloudflare answered error ${code} in its place`,
      hint: `Look up error ${code} in Cloudflare's documentation.`,
      isPassing: true,
    }
  );
}

/** The autopilot answered with a redirect; following it could send the task to a host that nobody allowed. */
export function redirectFailure(status: number): Failure {
  return {
    outcome: status === 307 || status === 308 ? "rejected" : "unknown",
    why: `answered with a redirect (${status}), which is not followed`,
    hint: "Register the address that really answers, without a redirect.",
    hasAnswered: true,
  };
}

export function timeoutFailure(timeoutMs: number): Failure {
  return {
    outcome: "unknown",
    why: `did not answer within ${timeoutMs / 1000} s`,
    hint: `${LOOK_AT_LOGS} If it needs longer, raise \`timeout\` of the task in autopilots.yaml.`,
    timedOut: true,
  };
}

export function brokenFailure(): Failure {
  return {
    outcome: "unknown",
    why: "could not be reached, or broke the connection off before it had answered",
    hint: LOOK_AT_LOGS,
    isPassing: true,
  };
}

/** It answered with a status that is none of RFC 9110, and that no answer of ours could have. */
export function oddStatusFailure(status: number): Failure {
  return {
    outcome: "unknown",
    why: `answered with status ${status}, which is no final status of HTTP`,
    hint: LOOK_AT_LOGS,
    hasAnswered: true,
  };
}

/** The time was over before it could be sent. */
export function lateFailure(): Failure {
  return {
    outcome: "not-sent",
    why: "was not asked, since the orchestrator's own records took all the time there was",
    hint: "Send it again.",
    isOurs: true,
  };
}

export function oversizeFailure(limit: number): Failure {
  return {
    outcome: "unknown",
    why: `answered with more than ${limit} bytes (${limit / 1024 / 1024} MiB)`,
    hint: "Let it store large results, for example in R2, and answer where they are.",
    hasAnswered: true,
  };
}

export function unboundFailure(binding: string): Failure {
  return {
    outcome: "not-sent",
    why: `is reached by the service binding ${binding}, which is not bound`,
    hint: "Run `pulumi up`: it binds each declared Worker.",
  };
}

export function endpointFailure(reason: string): Failure {
  return {
    outcome: "not-sent",
    why: `has an endpoint that is not allowed: ${reason}`,
    hint: "Correct its `endpoint`.",
  };
}

/** It failed again and again, so it is left alone for `waitMs`. */
export function pausedFailure(waitMs: number): Failure {
  const retryAfter = Math.ceil(waitMs / 1000);
  return {
    outcome: "not-sent",
    why: `failed several times in a row, so it is not asked for another ${retryAfter} s`,
    hint: "Look at its logs and its /health; the first answer after the pause ends it.",
    retryAfter,
  };
}

/** The problem document's content for a task that was not forwarded as `decision` said. */
export function forwardProblem(decision: Decision, failure: Failure): Problem {
  const { route, rule, task } = decision;
  return new Problem({
    status: failure.timedOut ? 504 : 502,
    title: FORWARD_FAILED,
    detail: `${task} was not completed: ${route.name} ${failure.why}.`,
    members: {
      autopilot: route.name,
      outcome: failure.outcome,
      retrySafe: failure.outcome !== "unknown" || rule.idempotent,
      hint: failure.hint,
    },
    ...(failure.retryAfter === undefined ? {} : { headers: { "Retry-After": String(failure.retryAfter) } }),
  });
}
