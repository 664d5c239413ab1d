// One request as the endpoints see it.

import type { Env } from "../env.ts";
import type { CallerRule } from "../routing/table.ts";

export interface Call {
  readonly request: Request;
  readonly url: URL;
  readonly env: Env;
  /** Under which the request is found in every log. */
  readonly requestId: string;
  /** Who calls: the name of the token that was presented (auth.ts); "" where anyone may call. */
  readonly caller: string;
  /** What the caller may do; null for everything (the stack's apiToken). */
  readonly rule: CallerRule | null;
  /** What stands in the path where its pattern has `:name`, decoded; "" where it has none. */
  readonly parameter: string;
  /** Takes work that continues after the answer. */
  readonly later: (work: Promise<void>) => void;
}

export type Handler = (call: Call) => Response | Promise<Response>;
