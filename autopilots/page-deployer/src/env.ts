import type { BaseEnv } from "../../shared/serve.ts";
import type { Links } from "../../shared/stored.ts";

export interface Env extends BaseEnv, Links {
  EFH_PAGES: R2Bucket;
}
