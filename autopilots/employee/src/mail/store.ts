// Mail in the private bucket: `mail/<id>.json` is its record, `mail/<id>.eml` (or `.original.json`, as fields) what came,
// where the record does not hold all of it. R2 is strongly consistent and has a conditional put, so of two deliveries of
// one mail the first wins and the second finds it.
import { sha256 } from "#worker-kit/hash.ts";
import { classify } from "./classify.ts";
import type { MailRecord } from "./mail.ts";
import { askModel } from "./model.ts";
import type { ReadMail } from "./parse.ts";

interface Storage {
  EFH_PRIVATE: R2Bucket;
  /** Where `ai: true`. */
  AI?: Ai;
}

export interface Original {
  readonly content: Uint8Array | string;
  readonly extension: "eml" | "original.json";
  /** Keep it even though the record holds all of it. */
  readonly keep: boolean;
}

/**
 * Classify and keep a mail, once. It is the same one when Message-ID, envelope, sender and words are the same; `fallback`
 * stands for a Message-ID that is not there. A Message-ID alone would let one mail hide another.
 */
export async function keepMail(
  env: Storage,
  read: ReadMail,
  original: Original,
  fallback: string,
): Promise<{ record: MailRecord; isNew: boolean }> {
  const { mail } = read;
  const { messageId, envelope, from, subject, text } = mail;
  const id = await sha256(JSON.stringify([messageId ?? fallback, envelope.from, envelope.to, from, subject, text]), 32);
  const before = await findMail(env, id);
  if (before) return { record: before, isNew: false };
  const ruled = classify(read);
  const { kind, rule } = ruled.kind === "needs_review" && env.AI ? await askModel(env.AI, mail) : ruled;
  const kept = original.keep || read.partial ? `mail/${id}.${original.extension}` : null;
  if (kept) {
    const contentType = original.extension === "eml" ? "message/rfc822" : "application/json";
    await env.EFH_PRIVATE.put(kept, original.content, {
      httpMetadata: { contentType, contentDisposition: "attachment" },
    });
  }
  const record: MailRecord = { id, createdAt: new Date().toISOString(), kind, rule, ...mail, original: kept };
  const stored = await env.EFH_PRIVATE.put(recordKey(id), JSON.stringify(record), {
    httpMetadata: { contentType: "application/json" },
    onlyIf: new Headers({ "if-none-match": "*" }),
  });
  return stored ? { record, isNew: true } : { record: (await findMail(env, id)) ?? record, isNew: false };
}

/** The record of the mail, null where there is none. */
export async function findMail(env: Storage, id: string): Promise<MailRecord | null> {
  const stored = await env.EFH_PRIVATE.get(recordKey(id));
  return stored ? await stored.json<MailRecord>() : null;
}

function recordKey(id: string): string {
  return `mail/${id}.json`;
}
