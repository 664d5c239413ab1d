// Leads: one for each e-mail address. Every change is one statement, in which SQLite merges what came into what is there
// (RFC 7396: null clears), so of two changes at once none is lost.
import { Problem } from "#worker-kit/problem.ts";
import type { Call } from "../../../shared/serve.ts";
import { validate } from "../../../shared/validate.ts";
import { addressKey } from "../address.ts";
import { records } from "../database.ts";
import type { Env } from "../env.ts";
import { findRepeat, fingerprintOf, makeOnce } from "../repeats.ts";
import { LEAD_CHANGES, LEAD_SEARCH, NEW_LEAD } from "./meta.ts";

export interface LeadRow {
  id: string;
  email: string;
  details: string;
  earlier: string;
  version: number;
  created_at: string;
  updated_at: string;
}

/** A lead by its own id, or by that of a record that was merged into it. */
const BY_ID = "id IN (SELECT ?1 UNION ALL SELECT lead FROM lead_ids WHERE id = ?1)";
const DEFAULT_PAGE = 20;

/** 201 with a new lead; 200 with that of the address, as what came leaves it, or of the same call before. */
export async function createLead({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  const { email, ...details } = validate(NEW_LEAD, meta);
  const db = await records(env);
  const fingerprint = await fingerprintOf({ email, ...details });
  const address = addressKey(email);
  const now = new Date().toISOString();
  const upsert = db
    .prepare(
      `INSERT INTO leads (id, address, email, details, created_at, updated_at)
       VALUES (?1, ?2, ?3, json_patch('{}', ?4), ?5, ?5)
       ON CONFLICT (address) DO UPDATE SET
         details = json_patch(details, ?4), version = version + 1, updated_at = excluded.updated_at
       RETURNING *`,
    )
    .bind(newId(), address, email, JSON.stringify(details), now);
  const idOf = { sql: "SELECT id FROM leads WHERE address = ?", values: [address] };
  const made = await makeOnce<LeadRow>(db, { key: repeatKey, fingerprint }, [upsert], idOf);
  if (made) return answer(made, made.version === 1 ? 201 : 200);
  const id = (await findRepeat(db, repeatKey, fingerprint)) ?? "";
  return answer((await leadOf(db, { id })) ?? refuse404({ id }));
}

/** The lead as what came leaves it; with nothing to change it is read. 404, 409 for another's address, 412 for another version. */
export async function updateLead({ env, meta }: Call<Env>): Promise<Response> {
  const { id, ifMatch, email, ...changes } = validate(LEAD_CHANGES, meta);
  const db = await records(env);
  const before = (await leadOf(db, { id })) ?? refuse404({ id });
  requireVersion(before, ifMatch);
  if (email === undefined && Object.values(changes).every((change) => change === undefined)) return answer(before);
  const changed = await db
    .prepare(
      `UPDATE leads SET details = json_patch(details, ?2), email = coalesce(?3, email), address = coalesce(?4, address),
         version = version + 1, updated_at = ?5
       WHERE ${BY_ID} AND (?6 IS NULL OR version = ?6) RETURNING *`,
    )
    .bind(
      id,
      JSON.stringify(changes),
      email ?? null,
      email === undefined ? null : addressKey(email),
      new Date().toISOString(),
      ifMatch === undefined ? null : before.version,
    )
    .first<LeadRow>()
    .catch((error: unknown) => {
      throw /UNIQUE constraint failed: leads\.address/.test(String(error)) ? addressTaken(email ?? "") : error;
    });
  if (changed) return answer(changed);
  const now = (await leadOf(db, { id })) ?? refuse404({ id });
  requireVersion(now, ifMatch);
  throw new Error("an update matched nothing");
}

/** One lead by `id` or `email`, or all of them, newest first, in pages. */
export async function findLeads({ env, meta }: Call<Env>): Promise<Response> {
  const { id, email, limit = DEFAULT_PAGE, cursor } = validate(LEAD_SEARCH, meta);
  const db = await records(env);
  if (id !== undefined || email !== undefined) {
    const lead = await leadOf(db, { id, email });
    return Response.json({ leads: lead ? [show(lead)] : [], next: null });
  }
  const [at = "\uffff", after = ""] = cursor?.split(" ") ?? [];
  const { results } = await db
    .prepare("SELECT * FROM leads WHERE (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?")
    .bind(at, after, limit + 1)
    .all<LeadRow>();
  const page = results.slice(0, limit);
  const last = page.at(-1);
  const next = results.length > limit && last ? `${last.created_at} ${last.id}` : null;
  return Response.json({ leads: page.map(show), next });
}

export async function leadOf(db: D1Database, one: { id?: string | undefined; email?: string | undefined }) {
  if (one.id !== undefined) return await db.prepare(`SELECT * FROM leads WHERE ${BY_ID}`).bind(one.id).first<LeadRow>();
  return await db
    .prepare("SELECT * FROM leads WHERE address = ?")
    .bind(addressKey(one.email ?? ""))
    .first<LeadRow>();
}

/** Throws a problem (412) where the caller knows another version than the one that is there. */
export function requireVersion(lead: LeadRow, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === "*" || ifMatch === etagOf(lead)) return;
  const etag = etagOf(lead);
  const detail = `The lead ${lead.id} was changed meanwhile: it is ${etag} now. Read it, and change that.`;
  throw new Problem({
    status: 412,
    title: "Lead changed meanwhile",
    detail,
    members: { id: lead.id, etag, outcome: "rejected" },
  });
}

export function refuse404(named: { id?: string | undefined; email?: string | undefined }): never {
  const detail = `There is no lead ${named.id ?? named.email}.`;
  throw new Problem({ status: 404, title: "No such lead", detail, members: { ...named, outcome: "rejected" } });
}

function addressTaken(email: string): Problem {
  const detail = `Another lead has the address ${email}: crm.lead.find shows it.`;
  return new Problem({ status: 409, title: "Address taken", detail, members: { email, outcome: "rejected" } });
}

function answer(lead: LeadRow, status = 200): Response {
  return Response.json(show(lead), { status, headers: { etag: etagOf(lead) } });
}

function show(lead: LeadRow) {
  const { id, email, version, created_at: createdAt, updated_at: updatedAt } = lead;
  const earlier = JSON.parse(lead.earlier) as unknown[];
  const about = { id, createdAt, updatedAt, version, etag: etagOf(lead), email };
  return { ...about, ...(JSON.parse(lead.details) as object), ...(earlier.length > 0 ? { earlier } : {}) };
}

function etagOf({ version }: LeadRow): string {
  return `"${version}"`;
}

function newId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
