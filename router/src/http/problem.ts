// A refusal as RFC 9457 describes it. The titles are part of the contract, word for word, so that scripts can match
// them; orchestrator/routing/problem.py has the same ones.

export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** Extension members of the document. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** What the answer carries beside the document. */
  readonly headers?: Readonly<Record<string, string>>;
}

export const FORWARD_FAILED = "Failed to forward task";
export const NOT_READY = "Infrastructure not ready";

export function unsupported(capability: string): string {
  return `No autopilot currently supports ${capability}`;
}

/** A secret of the router that is absent or broken; it refuses then, for it must never be open or unsigned. */
export function notConfigured(secret: string, why: string, hint: string): Problem {
  return { status: 503, title: "Not configured", detail: `${secret} ${why}.`, members: { missing: [secret], hint } };
}

/** Ends a request with `problem`; the application turns it into the answer. */
export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

export function problemDocument(problem: Problem, requestId: string): Record<string, unknown> {
  const { status, title, detail, members } = problem;
  return { type: "about:blank", title, status, detail, ...members, requestId };
}

export function problemResponse(problem: Problem, requestId: string): Response {
  return new Response(JSON.stringify(problemDocument(problem, requestId)), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", ...problem.headers },
  });
}
