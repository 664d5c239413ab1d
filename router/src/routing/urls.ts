// Which endpoint URLs are called. The twin of orchestrator/urls.py, which explains why no URL parser decides here: the
// same rules in the same order, run against tests/twins/urls.json.

export interface UrlRules {
  /** The orchestrator's own hosts, with a port where only that one is meant: a call of these would be a loop. */
  readonly ownHosts?: readonly string[];
  /** When not empty, the only hosts that are taken; `*.example.com` stands for every host below example.com. */
  readonly allowedHosts?: readonly string[];
  /** For the local stack: plain http to 127.0.0.1, [::1] and localhost names, on any port. */
  readonly allowLoopbackHttp?: boolean;
}

export type UrlCode = keyof typeof MESSAGES;

const MAX_LENGTH = 2048;
const MAX_HOST = 253;
const MAX_PORT = 65535;
const PRIVATE_SUFFIXES = ["local", "internal", "localhost"];
const CHARACTERS = /^[A-Za-z0-9\-._~:/?#[\]@!$&()*+,;=%]*$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NUMBER = /^([0-9]+|0x[0-9a-f]*)$/;
const PATH = /^(\/([A-Za-z0-9\-._~:/?@!$&()*+,;=]|%[0-9A-Fa-f]{2})*)?$/;
const DOT_SEGMENT = /\/(\.|%2e){1,2}(?=[/?]|$)/i;
const LOOPBACK = /^(127\.0\.0\.1|\[::1\]|([a-z0-9-]{1,63}\.)*localhost)(:[1-9][0-9]{0,4})?$/;

/** The words of each refusal, by its stable code. */
export const MESSAGES = {
  "illegal-character": "only ASCII letters, digits and -._~:/?@!$&()*+,;=% may stand in it (percent-encode the rest)",
  "too-long": `it is longer than ${MAX_LENGTH} characters`,
  scheme: "it must begin with https://",
  fragment: "it must not have a fragment (#)",
  credentials: "it must not have a user name or password (@); what is forwarded is signed",
  "https-required": "it must use https",
  "no-host": "it has no host",
  "ip-literal": "its host must be a name, not an IP address in any spelling",
  port: "its port must be 443 (leave it out)",
  "private-suffix": "its host ends in .local, .internal or .localhost, which are private",
  "single-label": "its host must be a full name with a dot in it",
  "invalid-host": "its host is not a valid host name",
  "not-canonical": "write scheme and host in lower case, without a dot at the end, and a path without . and ..",
  "own-host": "it is the orchestrator's own host",
  "host-not-allowed": "its host is not in the list of allowed hosts",
} as const;

/** The first rule that `url` breaks, or null when it may be called. */
export function checkEndpoint(url: string, rules: UrlRules = {}): UrlCode | null {
  const textError = checkText(url);
  if (textError) return textError;
  const [scheme, authority] = [schemeOf(url), authorityOf(url)];
  const path = url.slice(`${scheme}://${authority}`.length);
  const error = scheme === "https" ? checkAuthority(authority) : checkLoopback(authority, rules);
  const broken = error ?? checkPath(path);
  if (broken) return broken;
  const host = authority.replace(/:[0-9]+$/, "");
  if (rules.ownHosts?.some((own) => own === host || own === authority)) return "own-host";
  const { allowedHosts = [] } = rules;
  if (allowedHosts.length > 0 && !allowedHosts.some((pattern) => allows(pattern, host))) return "host-not-allowed";
  return null;
}

function schemeOf(url: string): string {
  return url.slice(0, url.indexOf("://"));
}

function authorityOf(url: string): string {
  return url.slice(url.indexOf("://") + 3).split(/[/?]/, 1)[0]!;
}

/** What can be said before the URL is taken apart. */
function checkText(url: string): UrlCode | null {
  if (!CHARACTERS.test(url)) return "illegal-character";
  if (url.length > MAX_LENGTH) return "too-long";
  if (!/^https?:\/\//.test(url)) return /^https?:\/\//i.test(url) ? "not-canonical" : "scheme";
  if (url.includes("#")) return "fragment";
  if (authorityOf(url).includes("@")) return "credentials";
  return null;
}

/** Host and port of an https URL. */
function checkAuthority(authority: string): UrlCode | null {
  if (/[[\]]/.test(authority)) return "ip-literal";
  const colon = authority.indexOf(":");
  const written = colon < 0 ? authority : authority.slice(0, colon);
  const host = written.toLowerCase().replace(/\.$/, "");
  if (host === "") return "no-host";
  const labels = host.split(".");
  const last = labels.at(-1)!;
  if (NUMBER.test(last)) return "ip-literal"; // the WHATWG parser reads an IPv4 address then, or fails
  if (PRIVATE_SUFFIXES.includes(last)) return "private-suffix";
  if (labels.length === 1) return "single-label";
  if (host.length > MAX_HOST || !labels.every(isLabel)) return "invalid-host";
  if (colon >= 0 && authority.slice(colon + 1) !== "443") return "port";
  return host === written ? null : "not-canonical";
}

/** One that says it is an encoded international name (`xn--…`) must be one, by UTS 46 as URL parsers have it. */
function isLabel(label: string): boolean {
  return LABEL.test(label) && (!label.startsWith("xn--") || URL.canParse(`https://${label}.example/`));
}

function checkPath(path: string): UrlCode | null {
  if (path.startsWith("?") || DOT_SEGMENT.test(path.split("?", 1)[0]!)) return "not-canonical";
  return PATH.test(path) ? null : "illegal-character"; // a `%` without two hex digits, or [ ]
}

function checkLoopback(authority: string, rules: UrlRules): UrlCode | null {
  const match = rules.allowLoopbackHttp ? LOOPBACK.exec(authority) : null;
  return match && Number(match[3]?.slice(1) ?? 0) <= MAX_PORT ? null : "https-required";
}

function allows(pattern: string, host: string): boolean {
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern;
}
