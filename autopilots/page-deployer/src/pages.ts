// Pages in R2. Each version is an object of its own, named by its content and never changed; one small object per
// page, `current.json`, says which is shown and what was deployed when. It is replaced by compare-and-set on its
// ETag, so of two deployments at the same moment one is told to try again, and readers always see a whole page.
import { Problem } from "#worker-kit/problem.ts";

interface Version {
  version: string;
  /** ISO 8601, when it was first deployed. */
  deployedAt: string;
  /** Characters of its HTML. */
  length: number;
}

export interface Page {
  current: string;
  /** Newest first. */
  versions: Version[];
}

/** Older versions leave the history; their objects stay, and their addresses keep working. */
const MAX_HISTORY = 50;

const versionKey = (slug: string, version: string) => `pages/${slug}/${version}.html`;
const pointerKey = (slug: string) => `pages/${slug}/current.json`;

/** Store `html` as a version and show it. The same HTML is the same version. */
export async function deployPage(bucket: R2Bucket, slug: string, html: string): Promise<Page> {
  const bytes = new TextEncoder().encode(html);
  const version = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  const { page, replace } = await readPointer(bucket, slug);
  if (page?.current === version) return page;
  await bucket.put(versionKey(slug, version), bytes, { httpMetadata: { contentType: "text/html; charset=utf-8" } });
  const known = page?.versions ?? [];
  const added: Version = { version, deployedAt: new Date().toISOString(), length: html.length };
  const versions = known.some((one) => one.version === version) ? known : [added, ...known].slice(0, MAX_HISTORY);
  return await replace({ current: version, versions });
}

/** Show a version that was deployed before. */
export async function rollBackPage(bucket: R2Bucket, slug: string, version: string): Promise<Page> {
  const { page, replace } = await readPointer(bucket, slug);
  if (page?.current === version) return page;
  if (!page?.versions.some((one) => one.version === version)) {
    const versions = page?.versions.map((one) => one.version) ?? [];
    const detail = `The page ${slug} has no version ${version} in its history.`;
    throw new Problem({ status: 404, title: "No such version", detail, members: { versions } });
  }
  return await replace({ ...page, current: version });
}

/** Nothing of the page is there any more. How many versions that were. Throws a problem (404) for a page that is not there. */
export async function takeDownPage(bucket: R2Bucket, slug: string): Promise<number> {
  const { page } = await readPointer(bucket, slug);
  if (!page) {
    const members = { slug, outcome: "rejected" };
    throw new Problem({ status: 404, title: "No such page", detail: `There is no page ${slug}.`, members });
  }
  // The pointer first: without it nothing of the page is served.
  await bucket.delete(pointerKey(slug));
  const keys = [];
  for (let cursor: string | undefined, isMore = true; isMore; ) {
    const listed = await bucket.list({ prefix: `pages/${slug}/`, ...(cursor ? { cursor } : {}) });
    keys.push(...listed.objects.map(({ key }) => key));
    isMore = listed.truncated;
    cursor = listed.truncated ? listed.cursor : undefined;
  }
  for (let at = 0; at < keys.length; at += 1000) await bucket.delete(keys.slice(at, at + 1000));
  return keys.filter((key) => key.endsWith(".html")).length;
}

/** The version that is shown, or null where there is no such page. */
export async function currentVersion(bucket: R2Bucket, slug: string): Promise<string | null> {
  return (await readPointer(bucket, slug)).page?.current ?? null;
}

export async function loadVersion(bucket: R2Bucket, slug: string, version: string): Promise<R2ObjectBody | null> {
  return await bucket.get(versionKey(slug, version));
}

async function readPointer(bucket: R2Bucket, slug: string) {
  const object = await bucket.get(pointerKey(slug));
  const page = object ? await object.json<Page>() : null;
  const onlyIf = new Headers(object ? { "if-match": object.httpEtag } : { "if-none-match": "*" });
  const replace = async (next: Page): Promise<Page> => {
    const httpMetadata = { contentType: "application/json" };
    if (await bucket.put(pointerKey(slug), JSON.stringify(next), { onlyIf, httpMetadata })) return next;
    const detail = `The page ${slug} was changed meanwhile; send the task again.`;
    throw new Problem({ status: 409, title: "Deployed at the same time", detail });
  };
  return { page, replace };
}
