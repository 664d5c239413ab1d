// Deleting: a lead, or everything that is kept of a person, with an account of what was deleted.
//
// Kept of a person are: the lead, with what was merged into it, enrolments, mail from the address, mail that was sent to
// it, and the records of before D1 in KV. Files name no person; Stripe and the mail service have records of their own.
import type { Call } from "../../../shared/serve.ts";
import { validate } from "../../../shared/validate.ts";
import { addressKey } from "../address.ts";
import { records } from "../database.ts";
import type { Env } from "../env.ts";
import { sentKey } from "../mail/outbox.ts";
import { IN_KV, recordKey } from "../mail/store.ts";
import { leadOf, refuse404, requireVersion } from "./leads.ts";
import { LEAD_TO_DELETE } from "./meta.ts";

/** How many mails an answer deletes; then it says that there are more. */
const MAILS_AT_ONCE = 200;
/** R2 deletes so many objects in a call. */
const OBJECTS_AT_ONCE = 1000;

interface Deleted {
  leads: number;
  enrollments: number;
  mails: number;
  sentMails: number;
}

/** 200 with what was deleted; 404 where nothing was there. `more`: send the same again for the rest. */
export async function deleteLead({ env, meta }: Call<Env>): Promise<Response> {
  const asked = validate(LEAD_TO_DELETE, meta);
  const db = await records(env);
  const lead = await leadOf(db, asked);
  if (!lead && !(asked.everything && asked.email)) refuse404(asked);
  if (lead) requireVersion(lead, asked.ifMatch);
  const email = lead?.email ?? asked.email ?? "";
  const deleted: Deleted = { leads: 0, enrollments: 0, mails: 0, sentMails: 0 };
  let more = false;
  if (asked.everything) more = await deleteTraces(env, db, addressKey(email), deleted);
  if (lead && !more) deleted.leads = await deleteOne(env, db, lead.id, lead.version);
  if (Object.values(deleted).every((count) => count === 0)) refuse404(asked);
  return Response.json({ email, id: lead?.id ?? null, deleted, more });
}

/** The lead, every id of it, and its records in KV. 0 where somebody changed or deleted it meanwhile. */
async function deleteOne(env: Env, db: D1Database, id: string, version: number): Promise<number> {
  const merged = await db.prepare("SELECT id FROM lead_ids WHERE lead = ?").bind(id).all<{ id: string }>();
  const [gone] = await db.batch([
    db.prepare("DELETE FROM leads WHERE id = ? AND version = ? RETURNING id").bind(id, version),
    db.prepare("DELETE FROM lead_ids WHERE lead = ?1 AND NOT EXISTS (SELECT 1 FROM leads WHERE id = ?1)").bind(id),
  ]);
  if (!gone?.results.length) return 0;
  for (const each of [id, ...merged.results.map((row) => row.id)]) await env.AI_EMPLOYEE_LOGS.delete(`lead/${each}`);
  return 1;
}

/** Everything but the lead; true where there is more of it than one call deletes. */
async function deleteTraces(env: Env, db: D1Database, address: string, deleted: Deleted): Promise<boolean> {
  const mails = await db
    .prepare("SELECT id, original FROM mails WHERE address = ? LIMIT ?")
    .bind(address, MAILS_AT_ONCE)
    .all<{ id: string; original: string | null }>();
  const sent = await db
    .prepare("SELECT key FROM sent WHERE address = ? LIMIT ?")
    .bind(address, MAILS_AT_ONCE)
    .all<{ key: string }>();
  const enrolled = await db.prepare("SELECT id FROM enrollments WHERE address = ?").bind(address).all<{ id: string }>();
  // Objects first: were it interrupted here, the rows still say where they are.
  const objects = [
    ...mails.results.flatMap(({ id, original }) => [recordKey(id), ...(original ? [original] : [])]),
    ...sent.results.map(({ key }) => sentKey(key)),
  ];
  for (let at = 0; at < objects.length; at += OBJECTS_AT_ONCE) {
    await env.EFH_PRIVATE.delete(objects.slice(at, at + OBJECTS_AT_ONCE));
  }
  for (const { id, original } of mails.results) {
    if (original?.startsWith(IN_KV)) await env.AI_EMPLOYEE_LOGS.delete(`email/${id}`);
  }
  for (const { id } of enrolled.results) await env.AI_EMPLOYEE_LOGS.delete(`enrollment/${id}`);
  const idsOf = (rows: readonly object[]) => JSON.stringify(rows.map((row) => Object.values(row)[0] as string));
  const [goneMails, goneSent, goneEnrolled] = await db.batch([
    db
      .prepare("DELETE FROM mails WHERE id IN (SELECT value FROM json_each(?)) RETURNING id")
      .bind(idsOf(mails.results)),
    db
      .prepare("DELETE FROM sent WHERE key IN (SELECT value FROM json_each(?)) RETURNING key")
      .bind(idsOf(sent.results)),
    db.prepare("DELETE FROM enrollments WHERE address = ? RETURNING id").bind(address),
  ]);
  deleted.mails = goneMails?.results.length ?? 0;
  deleted.sentMails = goneSent?.results.length ?? 0;
  deleted.enrollments = goneEnrolled?.results.length ?? 0;
  return mails.results.length === MAILS_AT_ONCE || sent.results.length === MAILS_AT_ONCE;
}
