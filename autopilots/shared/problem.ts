// Errors as RFC 9457 problem documents. A handler throws a `Problem`; `serve` answers it. What is thrown otherwise is a
// fault of ours: it is logged and answered without its text.

type Members = Record<string, unknown>;

/**
 * One problem: `title` names the kind and never varies, the message (`detail`) says what happened and what to do. The
 * member `outcome` tells the orchestrator what is certain: `rejected` (nothing was done, so the same task may be sent
 * again) or `unknown`.
 */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
    readonly members: Members = {},
    readonly headers: Record<string, string> = {},
  ) {
    super(detail);
  }

  toResponse(requestId: string): Response {
    const document = {
      type: "about:blank",
      title: this.title,
      status: this.status,
      detail: this.message,
      ...this.members,
      requestId,
    };
    return new Response(JSON.stringify(document), {
      status: this.status,
      headers: { ...this.headers, "content-type": "application/problem+json", "cache-control": "no-store" },
    });
  }
}

/** 503: a binding, secret or variable that the call needs is not there or not usable. `missing`: their names. */
export function notConfigured(missing: string[], hint: string): Problem {
  const detail = `Not set, or not usable: ${missing.join(", ")}; ${hint}`;
  return new Problem(503, "Not configured", detail, { missing, hint, outcome: "rejected" });
}
