import type { BaseEnv } from "../../shared/serve.ts";
import type { Links } from "../../shared/stored.ts";

export interface Env extends BaseEnv, Links {
  EFH_ASSETS: R2Bucket;
  AI?: Ai;
  /** The platform's own brand, for pages whose caller names none: `vars` in autopilots.yaml. */
  BRAND_NAME?: string;
  BRAND_COLOUR?: string;
  BRAND_TAGLINE?: string;
}
