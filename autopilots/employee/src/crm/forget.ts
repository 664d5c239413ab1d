// Deleting: a lead, or everything that is kept of a person, with an account of what was deleted.
//
// Kept of a person are: the lead, with what was merged into it, enrolments, mail from the address, mail that was sent to
// it, files that were handed in as theirs, and the records of before D1 in KV. The answer says what is not reached.
import type { Call } from "../../../shared/serve.ts";
import { validate } from "../../../shared/validate.ts";
import { addressKey } from "../address.ts";
import { hasAllRecords, records } from "../database.ts";
import type { Env } from "../env.ts";
import { idOfKey, keyOf } from "../files/key.ts";
import { sentKey } from "../mail/outbox.ts";
import { IN_KV, recordKey } from "../mail/store.ts";
import { leadOf, refuse404, requireVersion } from "./leads.ts";
import { LEAD_TO_DELETE } from "./meta.ts";

/** How many mails and files an answer deletes; then it says that there are more. */
const ROWS_AT_ONCE = 200;
/** R2 deletes so many objects in a call. */
const OBJECTS_AT_ONCE = 1000;

interface Deleted {
  leads: number;
  enrollments: number;
  mails: number;
  sentMails: number;
  files: number;
}

/** Of a person, and not deleted by this: where it is, and how it is. */
const NOT_REACHED = [
  {
    what: "files that were handed in without `email`",
    how: 'send this again with their keys, `files: ["intake/…"]`',
  },
  {
    what: "mail of other people that names the person or has them as a recipient",
    how: "look for the address in the column `record` of the table `mails` in efh-crm; it is the other person's mail too",
  },
  {
    what: "checkouts, payments and payouts",
    how: "Stripe's dashboard redacts customers; the ledger of payouts has accounts of Stripe's, and no address",
  },
  { what: "what the mail service keeps of mail that was sent", how: "delete it there" },
  {
    what: "answers that the orchestrator keeps of tasks done later, and `meta` of those that wait or are scheduled",
    how: "answers go 30 days after the end; `DELETE /autopilot/runs/<id>` and `/autopilot/schedules/<id>` end the others",
  },
  { what: "backups and D1's Time Travel", how: "they end by their own age; delete backups that you keep for longer" },
];

/** 200 with what was deleted; 404 where nothing was there. `more`: send the same again for the rest. */
export async function deleteLead({ env, meta }: Call<Env>): Promise<Response> {
  const asked = validate(LEAD_TO_DELETE, meta);
  const db = await records(env);
  const lead = await leadOf(db, asked);
  if (!lead && !(asked.everything && asked.email)) refuse404(asked);
  if (lead) requireVersion(lead, asked.ifMatch);
  const email = lead?.email ?? asked.email ?? "";
  const deleted: Deleted = { leads: 0, enrollments: 0, mails: 0, sentMails: 0, files: 0 };
  const { everything, files } = asked;
  const address = addressKey(email);
  const isLeft =
    everything &&
    ((await deleteTraces(env, db, address, deleted)) || (await deleteFiles(env, db, address, files, deleted)));
  if (lead && !isLeft) deleted.leads = await deleteOne(env, db, lead.id, lead.version);
  const more = isLeft || (everything && !hasAllRecords());
  if (!more && Object.values(deleted).every((count) => count === 0)) refuse404(asked);
  return Response.json({
    email,
    id: lead?.id ?? null,
    deleted,
    more,
    ...(everything ? { notReached: NOT_REACHED } : {}),
  });
}

/** The address's files, and those of `keys` that are nobody else's; true where there may be more than one call deletes. */
async function deleteFiles(
  env: Env,
  db: D1Database,
  address: string,
  keys: readonly string[],
  deleted: Deleted,
): Promise<boolean> {
  const named = JSON.stringify(keys.map(idOfKey));
  const { results } = await db
    .prepare(
      `SELECT id, object, address FROM files WHERE address = ?1 UNION ALL
       SELECT id, object, address FROM files WHERE id IN (SELECT value FROM json_each(?2)) AND address IS NOT ?1 LIMIT ?3`,
    )
    .bind(address, named, ROWS_AT_ONCE)
    .all<{ id: string; object: string | null; address: string | null }>();
  const rows = results.filter((row) => row.address === null || row.address === address);
  // Of an earlier version: an object under the file's key, with no row before it was asked for.
  const unlisted = keys.filter((key) => !results.some(({ id }) => keyOf(id) === key));
  const earlier = (await Promise.all(unlisted.map((key) => env.EFH_PRIVATE.head(key)))).flatMap((found) => found ?? []);
  const objects = [...rows.flatMap(({ object }) => object ?? []), ...earlier.map(({ key }) => key)];
  if (objects.length > 0) await env.EFH_PRIVATE.delete(objects);
  const gone = await db
    .prepare("DELETE FROM files WHERE id IN (SELECT value FROM json_each(?)) RETURNING id")
    .bind(JSON.stringify(rows.map(({ id }) => id)))
    .all();
  deleted.files = gone.results.length + earlier.length;
  return results.length === ROWS_AT_ONCE;
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
    .bind(address, ROWS_AT_ONCE)
    .all<{ id: string; original: string | null }>();
  const sent = await db
    .prepare("SELECT key FROM sent WHERE address = ? LIMIT ?")
    .bind(address, ROWS_AT_ONCE)
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
  return mails.results.length === ROWS_AT_ONCE || sent.results.length === ROWS_AT_ONCE;
}
