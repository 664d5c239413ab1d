// Sites in R2. A version's manifest and the files' contents, by their hash, are written once and never changed; one small
// object per site, `current.json`, says which version is shown. It is replaced by compare-and-swap on its ETag and counts
// a generation, so of two activations at the same moment one is told, and readers always see one whole version.
import { Problem } from "#worker-kit/problem.ts";
import type { Manifest } from "./manifest.ts";

export interface Pointer {
  /** One more with each change. */
  readonly generation: number;
  /** Null where the site was taken down. */
  readonly active: string | null;
  readonly changedAt: string;
  /** Versions that were shown, newest first. */
  readonly history: readonly { readonly version: string; readonly at: string }[];
}

const MAX_HISTORY = 100;
const MAX_CACHED = 20;

const pointerKey = (site: string) => `sites/${site}/current.json`;
const manifestKey = (site: string, version: string) => `sites/${site}/versions/${version}.json`;
const contentPrefix = (site: string) => `sites/${site}/content/`;
export const contentKey = (site: string, digest: string) => contentPrefix(site) + digest;

export async function readPointer(bucket: R2Bucket, site: string): Promise<{ pointer: Pointer; etag: string } | null> {
  const object = await bucket.get(pointerKey(site));
  return object && { pointer: await object.json<Pointer>(), etag: object.httpEtag };
}

/** Show `version`, or nothing. Throws a problem (409) where the site was changed meanwhile, or is of another generation. */
export async function point(
  bucket: R2Bucket,
  site: string,
  version: string | null,
  generation: number | undefined,
): Promise<Pointer> {
  const before = await readPointer(bucket, site);
  const known = before?.pointer.generation ?? 0;
  if (generation !== undefined && generation !== known) throw changedMeanwhile(site, known);
  if (before && before.pointer.active === version) return before.pointer;
  const changedAt = new Date().toISOString();
  const history = before?.pointer.history ?? [];
  const pointer: Pointer = {
    generation: known + 1,
    active: version,
    changedAt,
    history: version ? [{ version, at: changedAt }, ...history].slice(0, MAX_HISTORY) : history,
  };
  const onlyIf = new Headers(before ? { "if-match": before.etag } : { "if-none-match": "*" });
  const httpMetadata = { contentType: "application/json" };
  if (await bucket.put(pointerKey(site), JSON.stringify(pointer), { onlyIf, httpMetadata })) return pointer;
  throw changedMeanwhile(site, (await readPointer(bucket, site))?.pointer.generation ?? 0);
}

function changedMeanwhile(site: string, generation: number): Problem {
  const detail = `The site ${site} is at generation ${generation} now. Look what it shows, then send the task again.`;
  return new Problem({
    status: 409,
    title: "Deployed at the same time",
    detail,
    members: { site, generation, outcome: "rejected" },
  });
}

export async function writeManifest(bucket: R2Bucket, site: string, version: string, text: string): Promise<void> {
  await bucket.put(manifestKey(site, version), text, {
    httpMetadata: { contentType: "application/json" },
    onlyIf: new Headers({ "if-none-match": "*" }),
  });
}

// A version never changes, so an isolate reads it once; it is served only while the pointer says so.
const cache = new Map<string, Manifest>();

export async function readManifest(bucket: R2Bucket, site: string, version: string): Promise<Manifest | null> {
  const key = manifestKey(site, version);
  const known = cache.get(key);
  if (known) return known;
  const object = await bucket.get(key);
  if (!object) return null;
  const manifest = await object.json<Manifest>();
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!);
  cache.set(key, manifest);
  return manifest;
}

/** Which of the files' contents are not there yet. */
export async function missingContents(bucket: R2Bucket, site: string, manifest: Manifest): Promise<Set<string>> {
  const wanted = new Set(Object.values(manifest.files).map(({ sha256 }) => sha256));
  for await (const { key } of listed(bucket, contentPrefix(site))) wanted.delete(key.slice(contentPrefix(site).length));
  return wanted;
}

/** The versions that were staged, whether they were ever shown or not. */
export async function versionsOf(bucket: R2Bucket, site: string): Promise<{ version: string; stagedAt: string }[]> {
  const versions = [];
  for await (const { key, uploaded } of listed(bucket, `sites/${site}/versions/`)) {
    versions.push({
      version: key.slice(-"0".repeat(64).length - ".json".length, -".json".length),
      stagedAt: uploaded.toISOString(),
    });
  }
  return versions.sort((one, other) => other.stagedAt.localeCompare(one.stagedAt));
}

/** Delete every version with its contents, and all that is shown of them. How many objects that were. */
export async function deleteVersions(bucket: R2Bucket, site: string): Promise<number> {
  let count = 0;
  for (const prefix of [`sites/${site}/versions/`, contentPrefix(site)]) {
    const keys = [];
    for await (const { key } of listed(bucket, prefix)) keys.push(key);
    for (let at = 0; at < keys.length; at += 1000) await bucket.delete(keys.slice(at, at + 1000));
    count += keys.length;
  }
  for (const key of cache.keys()) if (key.startsWith(`sites/${site}/`)) cache.delete(key);
  return count;
}

export async function namesBelow(bucket: R2Bucket, prefix: string): Promise<string[]> {
  const names = [];
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, delimiter: "/", ...(cursor ? { cursor } : {}) });
    names.push(...page.delimitedPrefixes.map((each) => each.slice(prefix.length, -1)));
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor);
  return names;
}

async function* listed(bucket: R2Bucket, prefix: string): AsyncGenerator<R2Object> {
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, ...(cursor ? { cursor } : {}) });
    yield* page.objects;
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor);
}
