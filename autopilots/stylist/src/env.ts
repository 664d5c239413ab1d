import type { AiEnv } from "../../shared/ai.ts";
import type { BaseEnv } from "../../shared/serve.ts";
import type { Links } from "../../shared/stored.ts";

export interface Env extends AiEnv, BaseEnv, Links {
  EFH_ASSETS: R2Bucket;
  EFH_IMAGES: R2Bucket;
  /** The platform's own brand, for pages whose caller names none: `vars` in autopilots.yaml. */
  BRAND_NAME?: string;
  BRAND_COLOUR?: string;
  BRAND_TAGLINE?: string;
  /** How many days a draft is there. */
  DRAFT_DAYS?: string;
}
