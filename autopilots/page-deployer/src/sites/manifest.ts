// A version of a site: which files it has, by path, and what else it does. It never changes: its name is the SHA-256 of what
// it says, so the same site is the same version.
import * as v from "valibot";
import { sha256 } from "#worker-kit/hash.ts";
import { integer, isPlainObject, list, object, string } from "#worker-kit/validation.ts";

/** 25 MiB, as static assets have. */
const MAX_FILE = 25 * 1024 * 1024;
const MAX_FILES = 1_000;

const SHA256 = string(/^[0-9a-f]{64}$/, { max: 64, message: "must be a SHA-256 of 64 hex digits" });
/** As in a URL, decoded, with no slash in front; no part is empty or made of dots. */
const PATH = /^(?!\/)(?:(?!\.{1,2}(?:\/|$))[^\p{C}\\/?#]+(?:\/(?!$)|$))+$/u;
const FILE = object({ sha256: SHA256, size: integer({ min: 0, max: MAX_FILE }) });
const FILES = v.pipe(
  v.custom<Record<string, unknown>>((value) => {
    const paths = isPlainObject(value) ? Object.keys(value) : [];
    return (
      paths.length >= 1 && paths.length <= MAX_FILES && paths.every((path) => path.length <= 500 && PATH.test(path))
    );
  }, `must have 1 to ${MAX_FILES} files by paths such as blog/index.html`),
  v.record(v.string(), FILE),
);
const REDIRECT = object({
  from: string(/^\/[^\s?#*]*\*?$/, { max: 500, message: "must be a path such as /old or /old/*" }),
  to: string(/^(?:\/(?!\/)|https:\/\/)\S*$/, {
    max: 2_000,
    message: "must be a path of the site, or an https:// address",
  }),
  status: v.optional(v.picklist([301, 302, 303, 307, 308], "must be 301, 302, 303, 307 or 308"), 302),
});

export const VERSION = /^[0-9a-f]{64}$/;
export const SITE = {
  files: FILES,
  /** The first one that fits holds, before files. `*` stands for the rest of the path, `:splat` for it in `to`. */
  redirects: v.optional(list(REDIRECT, { max: 500 }), []),
};

export interface Manifest {
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly size: number }>>;
  readonly redirects: readonly { readonly from: string; readonly to: string; readonly status: number }[];
}

/** The version's name, and its text: members in an order of their own, so that the same site has the same name. */
export async function named({ files, redirects }: Manifest): Promise<{ version: string; text: string }> {
  const paths = Object.keys(files).sort();
  const sorted = paths.map((path) => [path, { sha256: files[path]!.sha256, size: files[path]!.size }] as const);
  const text = JSON.stringify({ files: Object.fromEntries(sorted), redirects });
  return { version: await sha256(text), text };
}

export type Found =
  | { readonly kind: "file"; readonly path: string; readonly status: 200 | 404 }
  | { readonly kind: "redirect"; readonly to: string; readonly status: number }
  | { readonly kind: "none" };

/** What stands at `path` (decoded, with its slash in front), as static hosts answer it: /about is about.html. */
export function find({ files, redirects }: Manifest, path: string): Found {
  for (const { from, to, status } of redirects) {
    if (from === path) return { kind: "redirect", to, status };
    if (from.endsWith("*") && path.startsWith(from.slice(0, -1))) {
      const rest = encodeURI(path.slice(from.length - 1));
      return { kind: "redirect", to: to.replaceAll(":splat", rest), status };
    }
  }
  const name = path.slice(1);
  const has = (each: string) => Object.hasOwn(files, each);
  if (name === "" || name.endsWith("/")) {
    if (has(`${name}index.html`)) return { kind: "file", path: `${name}index.html`, status: 200 };
  } else {
    if (has(name)) return { kind: "file", path: name, status: 200 };
    if (has(`${name}.html`)) return { kind: "file", path: `${name}.html`, status: 200 };
    if (has(`${name}/index.html`)) return { kind: "redirect", to: `${encodeURI(path)}/`, status: 308 };
  }
  return has("404.html") ? { kind: "file", path: "404.html", status: 404 } : { kind: "none" };
}
