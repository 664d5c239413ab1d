// Mail that is kept: its record in D1; what came, where the record does not hold all of it, in the private bucket as
// `mail/<id>.eml` (or `.original.json`, as fields). Of two deliveries of one mail the first wins and the second finds it.
import { sha256 } from "#worker-kit/hash.ts";
import { addressKey } from "../address.ts";
import { records } from "../database.ts";
import type { Env } from "../env.ts";
import { classify } from "./classify.ts";
import type { MailRecord } from "./mail.ts";
import { askModel } from "./model.ts";
import type { ReadMail } from "./parse.ts";

export interface Original {
  readonly content: () => Uint8Array | string;
  readonly extension: "eml" | "original.json";
  /** Keep it even though the record holds all of it. */
  readonly keep: boolean;
}

/**
 * Classify and keep a mail, once. It is the same one when Message-ID, envelope, sender and words are the same; `fallback`
 * stands for a Message-ID that is not there. A Message-ID alone would let one mail hide another.
 */
export async function keepMail(
  env: Env,
  read: ReadMail,
  original: Original,
  fallback: string,
): Promise<{ record: MailRecord; isNew: boolean }> {
  const { mail } = read;
  const { messageId, envelope, from, subject, text } = mail;
  const id = await sha256(JSON.stringify([messageId ?? fallback, envelope.from, envelope.to, from, subject, text]), 32);
  const db = await records(env);
  const before = await readMail(db, id);
  if (before) return { record: before, isNew: false };
  const ruled = classify(read);
  const { kind, rule } = ruled.kind === "needs_review" && env.AI ? await askModel(env, mail) : ruled;
  const kept = original.keep || read.partial ? `mail/${id}.${original.extension}` : null;
  if (kept) {
    const contentType = original.extension === "eml" ? "message/rfc822" : "application/json";
    await env.EFH_PRIVATE.put(kept, original.content(), {
      httpMetadata: { contentType, contentDisposition: "attachment" },
    });
  }
  const record: MailRecord = { id, createdAt: new Date().toISOString(), kind, rule, ...mail, original: kept };
  const stored = await insertMail(db, record).first();
  return stored ? { record, isNew: true } : { record: (await readMail(db, id)) ?? record, isNew: false };
}

/** The record of the mail, null where there is none. */
export async function findMail(env: Env, id: string): Promise<MailRecord | null> {
  return await readMail(await records(env), id);
}

/** Of a mail that an earlier version kept in KV: where it is, in place of a key of the bucket. */
export const IN_KV = "AI_EMPLOYEE_LOGS email/";

/** Answers a row where it is new; `original`: where it is kept beside, where that is no key of the bucket. */
export function insertMail(db: D1Database, record: MailRecord, original = record.original): D1PreparedStatement {
  const { id, from, envelope, kind, subject, createdAt } = record;
  return db
    .prepare(
      `INSERT INTO mails (id, address, kind, subject, original, record, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING RETURNING id`,
    )
    .bind(
      id,
      addressKey(from?.address || envelope?.from || ""),
      kind,
      subject,
      original ?? null,
      JSON.stringify(record),
      createdAt,
    );
}

async function readMail(db: D1Database, id: string): Promise<MailRecord | null> {
  const text = await db.prepare("SELECT record FROM mails WHERE id = ?").bind(id).first<string>("record");
  return text === null ? null : (JSON.parse(text) as MailRecord);
}

/** Where earlier versions kept the record. */
export function recordKey(id: string): string {
  return `mail/${id}.json`;
}
