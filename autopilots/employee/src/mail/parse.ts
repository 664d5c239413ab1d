// Mail from any form that it comes in: fields that somebody parsed before ({from, to, subject, text, html, headers},
// also as postal-mime and its like name them), or the message itself (RFC 5322, MIME). Pure but for `await`; never throws.
import PostalMime, { type Address, addressParser, decodeWords } from "postal-mime";
import { decodeBase64 } from "#worker-kit/base64.ts";
import { isObject } from "#worker-kit/validation.ts";
import { cleanLine, cleanText, type Note } from "./clean.ts";
import { asText, first, type Headers, readHeaders } from "./headers.ts";
import { textOfHtml } from "./html.ts";
import type { Attachment, Envelope, Mail, Mailbox } from "./mail.ts";
import { readAsUtf8, unknownCharset, withEmptyLine } from "./mend.ts";

const MAX_TEXT = 200_000;
const MAX_SUBJECT = 2_000;
const MAX_ADDRESSES = 500;
/** What of a message is read; the rest are attachments nearly always, and reading costs CPU time (10 ms, free plan). */
const MAX_READ = 192 * 1024;

/** What rules need beside what is kept. */
export interface ReadMail {
  readonly mail: Mail;
  /** The fields of the delivery report in it (RFC 3464), as text; "" where there is none. */
  readonly report: string;
  /** The record does not hold all of what came. */
  readonly partial: boolean;
}

const [LF, CR] = [10, 13];
const KNOWN = [
  "from", "sender", "to", "cc", "replyTo", "subject", "text", "html", "headers", "date", "messageId", "inReplyTo",
  "references", "returnPath", "deliveredTo", "attachments", "envelope", "headerLines",
]; // biome-ignore format: a table

/** Of fields; every one may be absent. */
export async function readFields(meta: Readonly<Record<string, unknown>>): Promise<ReadMail> {
  const { notes, note } = collect();
  const unknown = Object.keys(meta).filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0) note(`not known, so only in the original: ${unknown.join(", ").slice(0, 200)}`);
  const headers = new Map(readHeaders(meta.headers, note));
  const named = {
    from: meta.from,
    sender: meta.sender,
    to: meta.to,
    cc: meta.cc,
    "reply-to": meta.replyTo,
    subject: meta.subject,
    date: meta.date,
    "message-id": meta.messageId,
    "in-reply-to": meta.inReplyTo,
    references: meta.references,
    "return-path": meta.returnPath,
  };
  const fields = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined && value !== null));
  const attachments = Array.isArray(meta.attachments) ? meta.attachments.filter(isObject) : [];
  const text = meta.text ?? undefined;
  const html = meta.html ?? undefined;
  return await assemble(
    {
      headers,
      fields,
      text: text === undefined ? undefined : asText(text, "text", note),
      html: html === undefined ? undefined : asText(html, "html", note),
      attachments,
      envelope: envelopeOf(meta.envelope),
    },
    notes,
    unknown.length > 0,
  );
}

/** Of a whole message, as bytes. */
export async function readMessage(bytes: Uint8Array, envelope: Envelope): Promise<ReadMail> {
  const { notes, note } = collect();
  if (bytes.length > MAX_READ) note(`message: the first ${MAX_READ} of ${bytes.length} bytes were read`);
  const { start, mbox } = startOf(bytes);
  if (mbox) note("message: the line `From …` of a mailbox file before it was left out");
  let read = bytes.subarray(start, MAX_READ);
  if (read.includes(CR) && !read.includes(LF)) {
    note("message: its lines end with CR alone");
    read = read.map((byte) => (byte === CR ? LF : byte));
  }
  const mended = withEmptyLine(read);
  if (mended) note("message: its text follows its headers without an empty line");
  read = mended ?? read;
  try {
    const parsed = await PostalMime.parse(read, { forceRfc822Attachments: true });
    const isPlain = [parsed.text, parsed.html].every((each) => !/[^\0-\x7F]/.test(each ?? ""));
    const charset = isPlain ? undefined : unknownCharset(new TextDecoder("latin1").decode(read.subarray(0, MAX_READ)));
    const words = (text: string | undefined) => (charset && text !== undefined ? readAsUtf8(text) : text);
    if (charset) note(`message: nobody knows the character set ${charset}`);
    const headers = readHeaders(parsed.headers, note);
    const isCut = bytes.length > MAX_READ;
    // The last one ends where the reading did, so nobody knows its size.
    const attachments = parsed.attachments.map((part, at, all) =>
      isCut && at === all.length - 1 ? { ...part, size: null } : part,
    );
    const [text, html] = [words(parsed.text), words(parsed.html)];
    const parts = { headers, fields: {}, text, html, attachments, envelope };
    const isEmpty = attachments.length === 0 && [text, html].every((each) => !each?.trim());
    const body = isEmpty ? bodyOf(read) : "";
    if (body === "") return await assemble(parts, notes, isCut);
    note("message: nothing was found in it as its headers describe it, so its text is all below them");
    return await assemble({ ...parts, text: body }, notes, true);
  } catch (error) {
    note(`message: not read as MIME (${(error as Error).message}), so its text is all of it`);
    const text = new TextDecoder().decode(read);
    const headers = readHeaders(text.slice(0, 64 * 1024).split(/\r?\n\r?\n/, 1)[0], note);
    return await assemble({ headers, fields: {}, text, html: undefined, attachments: [], envelope }, notes, true);
  }
}

/** What stands below the first empty line. */
function bodyOf(message: Uint8Array): string {
  const text = new TextDecoder().decode(message);
  return (/\r?\n\r?\n([\s\S]*)$/.exec(text)?.[1] ?? "").trim();
}

/** What a caller has as `raw`: the message's text, or base64 of its bytes. */
export function bytesOf(raw: string): Uint8Array {
  if (/^[\w+/=\s-]+$/.test(raw)) {
    const base64 = raw.replace(/[\s=]/g, "").replaceAll("-", "+").replaceAll("_", "/");
    try {
      const bytes = decodeBase64(base64);
      if (bytes.includes(0x3a)) return bytes; // every message has a colon, and base64 has none
    } catch {
      // no base64: then it is text
    }
  }
  // A text of bytes, one a character, when the message says that it is in no Unicode.
  const charset = /charset\s*=\s*"?([\w-]+)/i.exec(raw)?.[1]?.toLowerCase();
  if (charset && !["utf-8", "utf8", "us-ascii"].includes(charset) && /^[\0-\xFF]*$/.test(raw)) {
    return Uint8Array.from(raw, (character) => character.charCodeAt(0));
  }
  return new TextEncoder().encode(raw);
}

interface Parts {
  headers: Headers;
  /** By header's name; before the header of that name. */
  fields: Readonly<Record<string, unknown>>;
  text: string | undefined;
  html: string | undefined;
  attachments: readonly object[];
  envelope: Envelope;
}

async function assemble(parts: Parts, notes: string[], partial: boolean): Promise<ReadMail> {
  const { headers, fields, envelope } = parts;
  const note: Note = (text) => notes.push(text);
  const field = (name: string) => fields[name] ?? first(headers, name);
  const line = (name: string, max: number) => cleanLine(decoded(asText(field(name), name, note)), name, max, note);
  const mailboxes = (name: string) => readMailboxes(fields[name] ?? headers.get(name), name, note);
  const [from = null] = mailboxes("from");
  const [sender = null] = from === null ? [...mailboxes("sender"), ...mailboxes("reply-to")] : [];
  if (sender !== null) note("from: not there, so the header Sender or Reply-To stands for it");
  const html = parts.html === undefined ? null : cleanText(parts.html, "html", MAX_TEXT, note);
  const hasText = parts.text !== undefined && parts.text.trim() !== "";
  if (!hasText && html !== null) note("text: made of the HTML");
  const text = hasText ? parts.text! : html === null ? "" : await textOfHtml(html);
  const { attachments, report, hasContent } = readAttachments(parts.attachments, note);
  // What came in fields of its own is kept among the headers too, where the rules look.
  const all = new Map(headers);
  for (const name of ["in-reply-to", "references", "return-path", "message-id"]) {
    if (name in fields && !all.has(name)) all.set(name, [line(name, 4_000)]);
  }
  const mail: Mail = {
    messageId: line("message-id", 1_000) || null,
    envelope,
    from: from ?? sender,
    replyTo: mailboxes("reply-to"),
    to: mailboxes("to"),
    cc: mailboxes("cc"),
    subject: line("subject", MAX_SUBJECT),
    date: line("date", 200) || null,
    text: cleanText(text, "text", MAX_TEXT, note),
    html,
    headers: Object.fromEntries(all),
    attachments,
    notes: [...new Set(notes)].slice(0, 100),
  };
  const cut = notes.some((each) => / cut after | were kept$/.test(each));
  return { mail, report, partial: partial || cut || hasContent };
}

function collect(): { notes: string[]; note: Note } {
  const notes: string[] = [];
  return { notes, note: (text) => notes.push(text) };
}

function decoded(text: string): string {
  const words = decodeWords(text.replace(/\s+/g, " "));
  return unknownCharset(text) ? readAsUtf8(words) : words;
}

/** Of a header's text or texts, of {name, address or email}, or of a list of these; groups become their members. */
function readMailboxes(value: unknown, field: string, note: Note): Mailbox[] {
  const each = (one: unknown): Mailbox[] => {
    if (isObject(one) && !Array.isArray(one.group)) {
      const [name, address] = [one.name, one.address ?? one.email].map((text) => asText(text, field, note));
      return [mailbox(decoded(name!), address!, field, note)];
    }
    if (isObject(one)) return (one.group as unknown[]).flatMap(each);
    const text = asText(one, field, note).replace(/\s+/g, " ").trim();
    if (text === "") return [];
    const found: Address[] = addressParser(text, { flatten: true });
    if (found.length === 0) return [mailbox(decoded(text), "", field, note)];
    return found.map(({ name, address }) => mailbox(name, address ?? "", field, note));
  };
  const all = (Array.isArray(value) ? value : [value ?? ""]).flatMap(each);
  if (all.length > MAX_ADDRESSES) note(`${field}: the first ${MAX_ADDRESSES} of ${all.length} were kept`);
  return all.filter(({ name, address }) => name !== "" || address !== "").slice(0, MAX_ADDRESSES);
}

function mailbox(name: string, address: string, field: string, note: Note): Mailbox {
  return { name: cleanLine(name, field, 500, note), address: cleanLine(address, field, 500, note) };
}

function envelopeOf(value: unknown): Envelope {
  const { from, to } = isObject(value) ? value : {};
  const text = (each: unknown) => (typeof each === "string" ? cleanLine(each, "envelope", 500, () => undefined) : null);
  return { from: text(from), to: text(Array.isArray(to) ? to.join(", ") : to) };
}

function readAttachments(parts: readonly object[], note: Note) {
  let report = "";
  const attachments = parts.slice(0, 200).map((part): Attachment => {
    const { filename, name, mimeType, contentType, type, content, size } = part as Record<string, unknown>;
    const media = cleanLine(asText(mimeType ?? contentType ?? type, "attachments", note), "attachments", 200, note);
    const bytes =
      typeof content === "string" ? new TextEncoder().encode(content) : (content as ArrayBuffer | undefined);
    if (/^(message\/(\w+-)?(delivery-status|disposition-notification|feedback-report))/i.test(media) && bytes) {
      report += `${new TextDecoder().decode(bytes).slice(0, 20_000)}\n`;
    }
    const named = cleanLine(asText(filename ?? name, "attachments", note), "attachments", 500, note);
    const length = typeof size === "number" ? size : size === undefined ? (bytes?.byteLength ?? null) : null;
    return { name: named || null, type: media.toLowerCase(), size: length };
  });
  if (parts.length > attachments.length)
    note(`attachments: the first ${attachments.length} of ${parts.length} were kept`);
  return { attachments, report, hasContent: parts.length > 0 };
}

/** Where the message begins: after empty lines, a byte order mark, and the `From ` line of a mailbox file. */
function startOf(bytes: Uint8Array): { start: number; mbox: boolean } {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 2_000));
  const blank = /^(\xEF\xBB\xBF)?[\r\n]*/.exec(head)![0].length;
  const mbox = /^>?From [^\r\n]*(\r\n?|\n)/.exec(head.slice(blank))?.[0].length ?? 0;
  return { start: blank + mbox, mbox: mbox > 0 };
}
