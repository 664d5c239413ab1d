// A refusal as RFC 9457 describes it: thrown where it is found, answered as a problem document. What is thrown otherwise
// is a fault of ours, which is logged and answered without its text.

export interface ProblemContent {
  readonly status: number;
  /** Names the kind and never varies, so that scripts can match it. */
  readonly title: string;
  /** What happened, and what to do. */
  readonly detail: string;
  /** Extension members of the document. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** What the answer carries beside the document. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, title, detail, members = {}, headers = {} }: ProblemContent) {
    super(detail);
    this.status = status;
    this.title = title;
    this.members = members;
    this.headers = headers;
  }

  get detail(): string {
    return this.message;
  }

  /** The same problem with more members. */
  with(members: Readonly<Record<string, unknown>>): Problem {
    const { status, title, detail, headers } = this;
    return new Problem({ status, title, detail, members: { ...this.members, ...members }, headers });
  }

  toResponse(requestId: string): Response {
    const { status, title, detail, members, headers } = this;
    return new Response(JSON.stringify({ type: "about:blank", title, status, detail, ...members, requestId }), {
      status,
      headers: { ...headers, "content-type": "application/problem+json", "cache-control": "no-store" },
    });
  }
}
