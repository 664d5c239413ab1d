// web.pages.deploy of a site of many files:
//   {site, action: stage, files, redirects}   the version's name, and a ticket for each content that is not there yet
//   {site, action: activate, version}         show it: a new one, or any before (roll-back)
//   {site, action: get} or {…, version}       what is shown, with all versions; or what a version says
//   {site, action: takeDown, versions}        show nothing; with `versions: delete` every version goes too
//   {action: list}                            all sites and pages
import * as v from "valibot";
import { Problem } from "#worker-kit/problem.ts";
import { integer, object, string } from "#worker-kit/validation.ts";
import { links } from "../../../shared/stored.ts";
import { requireTicket, ticketFor } from "../../../shared/ticket.ts";
import { oneOf, validate } from "../../../shared/validate.ts";
import type { Env } from "../env.ts";
import { type Manifest, named, SITE, VERSION } from "./manifest.ts";
import {
  contentKey,
  deleteVersions,
  missingContents,
  namesBelow,
  point,
  readManifest,
  readPointer,
  versionsOf,
  writeManifest,
} from "./store.ts";

/** A task's answer holds so many; the task again gives the next ones. */
const TICKETS_AT_ONCE = 200;

export const NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const site = string(NAME, { max: 63, message: "must be 1 to 63 of a-z, 0-9 and single hyphens between them" });
const version = string(VERSION, { max: 64, message: "must be a version, of 64 hex digits" });
const generation = v.optional(integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));

const METAS = {
  stage: object({ action: oneOf("stage"), site, ...SITE }),
  activate: object({ action: oneOf("activate"), site, version, generation }),
  get: object({ action: oneOf("get"), site, version: v.optional(version) }),
  takeDown: object({
    action: oneOf("takeDown"),
    site,
    generation,
    versions: v.optional(oneOf("keep", "delete"), "keep"),
  }),
  list: object({ action: oneOf("list") }),
} as const;

/** The actions that this file knows. */
export function isSiteAction(action: unknown): action is keyof typeof METAS {
  return typeof action === "string" && Object.hasOwn(METAS, action);
}

export async function deploySite(env: Env, action: keyof typeof METAS, meta: unknown): Promise<Response> {
  const { EFH_PAGES: bucket } = env;
  if (action === "stage") return await stage(env, validate(METAS.stage, meta));
  if (action === "activate") return await activate(env, validate(METAS.activate, meta));
  if (action === "list") {
    validate(METAS.list, meta);
    const [sites, pages] = await Promise.all([namesBelow(bucket, "sites/"), namesBelow(bucket, "pages/")]);
    return Response.json({ sites, pages });
  }
  if (action === "takeDown") {
    const asked = validate(METAS.takeDown, meta);
    if (!(await readPointer(bucket, asked.site))) throw noSuch("site", { site: asked.site });
    const pointer = await point(bucket, asked.site, null, asked.generation);
    const deleted = asked.versions === "delete" ? await deleteVersions(bucket, asked.site) : 0;
    return Response.json({ site: asked.site, ...pointer, deletedObjects: deleted });
  }
  const asked = validate(METAS.get, meta);
  if (asked.version !== undefined) {
    const manifest = await readManifest(bucket, asked.site, asked.version);
    if (!manifest) throw noSuch("version", { site: asked.site, version: asked.version });
    return Response.json({ site: asked.site, version: asked.version, ...manifest });
  }
  const [current, versions] = await Promise.all([readPointer(bucket, asked.site), versionsOf(bucket, asked.site)]);
  if (!current && versions.length === 0) throw noSuch("site", { site: asked.site });
  return Response.json({
    site: asked.site,
    generation: 0,
    active: null,
    ...current?.pointer,
    ...about(env, asked.site),
    versions,
  });
}

async function stage(env: Env, { site, ...manifest }: v.InferOutput<typeof METAS.stage>): Promise<Response> {
  const { version, text } = await named(manifest as Manifest);
  const missing = await missingContents(env.EFH_PAGES, site, manifest as Manifest);
  await writeManifest(env.EFH_PAGES, site, version, text);
  const sizes = new Map(Object.values(manifest.files).map((file) => [file.sha256, file.size]));
  const uploads = await Promise.all(
    [...missing].slice(0, TICKETS_AT_ONCE).map(async (digest) => {
      const size = sizes.get(digest) ?? 0;
      return { sha256: digest, size, ...(await ticket(env, site, digest, size)) };
    }),
  );
  const current = await readPointer(env.EFH_PAGES, site);
  const generation = current?.pointer.generation ?? 0;
  const answer = { site, version, generation, active: current?.pointer.active ?? null, missing: missing.size, uploads };
  return Response.json(answer, { status: missing.size > 0 ? 202 : 200 });
}

async function activate(env: Env, asked: v.InferOutput<typeof METAS.activate>): Promise<Response> {
  const { site, version, generation } = asked;
  const manifest = await readManifest(env.EFH_PAGES, site, version);
  if (!manifest) throw noSuch("version", { site, version });
  const missing = await missingContents(env.EFH_PAGES, site, manifest);
  if (missing.size > 0) {
    const detail = `Of the version ${missing.size} contents are missing; stage it again, which gives tickets for them.`;
    throw new Problem({
      status: 409,
      title: "Not whole",
      detail,
      members: { missing: [...missing].slice(0, 100), outcome: "rejected" },
    });
  }
  const pointer = await point(env.EFH_PAGES, site, version, generation);
  return Response.json({ site, version, ...pointer, ...about(env, site) });
}

/** PUT /content/<site>/<sha256>, with a ticket: R2 refuses what has another hash. Null for any other path. */
export async function takeContent(request: Request, url: URL, env: Env): Promise<Response | null> {
  const [, site = "", digest = ""] = /^\/content\/([a-z0-9-]{1,63})\/([0-9a-f]{64})$/.exec(url.pathname) ?? [];
  if (digest === "" || request.method !== "PUT") return null;
  const { size } = await requireTicket(env.WEBHOOK_SECRET, request, "PUT", `${site}/${digest}`);
  if (Number(request.headers.get("content-length")) !== size) {
    const detail = `The ticket is for ${size} bytes; send them with their Content-Length.`;
    throw new Problem({ status: 422, title: "Another size", detail, members: { size } });
  }
  try {
    await env.EFH_PAGES.put(contentKey(site, digest), size === 0 ? "" : request.body, { sha256: digest });
  } catch (error) {
    if (!/checksum|sha-?256|digest/i.test(String(error))) throw error;
    const detail = "What came has another SHA-256 than the ticket is for; nothing was kept.";
    throw new Problem({ status: 422, title: "Another content", detail, members: { sha256: digest } });
  }
  return new Response(null, { status: 204 });
}

async function ticket(env: Env, site: string, digest: string, size: number) {
  const path = `/content/${site}/${digest}`;
  const url = env.PUBLIC_URL ? new URL(path, env.PUBLIC_URL).href : path;
  return await ticketFor(env.WEBHOOK_SECRET, url, "PUT", `${site}/${digest}`, size);
}

function about(env: Env, site: string) {
  return links(env, `/s/${site}/`);
}

function noSuch(what: "site" | "version", named: Record<string, string>): Problem {
  const detail = `There is no such ${what}: ${Object.values(named).join(", ")}.`;
  return new Problem({ status: 404, title: `No such ${what}`, detail, members: { ...named, outcome: "rejected" } });
}
