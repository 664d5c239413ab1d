// A refusal as RFC 9457 describes it: thrown where it is found, answered as a problem document. What is thrown otherwise
// is a fault of ours, which is logged and answered without its text.

export interface ProblemContent {
  readonly status: number;
  /** Names the kind and never varies, so that scripts can match it. */
  readonly title: string;
  /** The end of its type; made of the title, where that is always the same. */
  readonly slug?: string;
  /** What happened, and what to do. */
  readonly detail: string;
  /** Extension members of the document. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** What the answer carries beside the document. */
  readonly headers?: Readonly<Record<string, string>>;
}

const TYPES = "urn:problem:autopilot-orchestrator:";

export class Problem extends Error {
  /** Which problem this is (RFC 9457), for programs. */
  readonly type: string;
  readonly status: number;
  readonly title: string;
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, title, slug = slugOf(title), detail, members = {}, headers = {} }: ProblemContent) {
    super(detail);
    this.type = TYPES + slug;
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
    const slug = this.type.slice(TYPES.length);
    return new Problem({ status, title, slug, detail, members: { ...this.members, ...members }, headers });
  }

  toDocument(requestId: string): Record<string, unknown> {
    const { type, status, title, detail, members } = this;
    return { type, title, status, detail, ...members, requestId };
  }

  toResponse(requestId: string): Response {
    return new Response(JSON.stringify(this.toDocument(requestId)), {
      status: this.status,
      headers: { ...this.headers, "content-type": "application/problem+json", "cache-control": "no-store" },
    });
  }
}

/** The title in lower case, its words with hyphens between them; what is in brackets is no part of it. */
function slugOf(title: string): string {
  const words = title.toLowerCase().replace(/\[.*\]/, "");
  return words.match(/[a-z0-9]+/g)!.join("-");
}
