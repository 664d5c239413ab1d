// Records of before D1 are taken over, a few with each request until all are there: leads, enrolments and the first
// mail from KV, later mail from R2. What they were taken from stays as it was. Earlier versions made a lead for each call; those of one address become
// one lead, in which the newest says what they contradict each other in, and each is kept whole under `earlier`.
import { log } from "#worker-kit/log.ts";
import { isObject } from "#worker-kit/validation.ts";
import { addressKey } from "./address.ts";
import type { Env } from "./env.ts";
import type { MailRecord } from "./mail/mail.ts";
import { readFields } from "./mail/parse.ts";
import { IN_KV, insertMail } from "./mail/store.ts";

/** With each request; the free plan gives one 50 calls of the outside, and 10 ms. */
const AT_ONCE = 20;
const SOURCES = ["lead", "enrollment", "email", "mail"] as const;
type Source = (typeof SOURCES)[number];

interface Page {
  readonly values: readonly unknown[];
  /** Undefined at the end. */
  readonly cursor: string | undefined;
}

/** A part of what is left; whether nothing is. */
export async function takeOver(env: Env, db: D1Database): Promise<boolean> {
  const { results } = await db
    .prepare("SELECT source, cursor, done FROM taken_over")
    .all<{ source: Source; cursor: string | null; done: number }>();
  const left = SOURCES.filter((source) => !results.some((row) => row.source === source && row.done === 1));
  const [source] = left;
  if (source === undefined) return true;
  const cursor = results.find((row) => row.source === source)?.cursor ?? undefined;
  const page = await (source === "mail" ? readMails(env, cursor) : readKv(env, source, cursor));
  const taken = await Promise.all(page.values.filter(isObject).map((value) => TAKE[source](db, value)));
  const mark = db
    .prepare("INSERT OR REPLACE INTO taken_over (source, cursor, done) VALUES (?, ?, ?)")
    .bind(source, page.cursor ?? null, page.cursor === undefined ? 1 : 0);
  await db.batch([...taken.flat(), mark]);
  return left.length === 1 && page.cursor === undefined;
}

async function readKv({ AI_EMPLOYEE_LOGS: kv }: Env, source: Source, cursor: string | undefined): Promise<Page> {
  const page = await kv.list({ prefix: `${source}/`, limit: AT_ONCE, ...(cursor === undefined ? {} : { cursor }) });
  const values = await Promise.all(page.keys.map(async ({ name }) => parsed(name, await kv.get(name))));
  return { values, cursor: page.list_complete ? undefined : page.cursor };
}

async function readMails({ EFH_PRIVATE: bucket }: Env, cursor: string | undefined): Promise<Page> {
  const page = await bucket.list({ prefix: "mail/", limit: AT_ONCE, ...(cursor === undefined ? {} : { cursor }) });
  const keys = page.objects.map(({ key }) => key).filter((key) => /^mail\/[0-9a-f]{32}\.json$/.test(key));
  const values = await Promise.all(keys.map(async (key) => parsed(key, await (await bucket.get(key))?.text())));
  return { values, cursor: page.truncated ? page.cursor : undefined };
}

/** What is no JSON stays where it is, and is told: one bad value must not stop all others. */
function parsed(key: string, text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch (error) {
    log(`${key} was not taken over`, "", error);
    return null;
  }
}

type Value = Record<string, unknown>;

type Taken = D1PreparedStatement[];

const TAKE: Record<Source, (db: D1Database, value: Value) => Taken | Promise<Taken>> = {
  lead(db, value) {
    const { id, email, createdAt, updatedAt = createdAt, ...details } = value;
    if (typeof id !== "string" || typeof email !== "string") return [];
    const address = addressKey(email);
    const isMerged = "address = ?1 AND id <> ?2 AND NOT EXISTS (SELECT 1 FROM lead_ids WHERE id = ?2)";
    return [
      db
        .prepare(
          `INSERT INTO leads (id, address, email, details, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT DO NOTHING`,
        )
        .bind(id, address, email, JSON.stringify(details), String(createdAt), String(updatedAt)),
      // Of two, the one that was changed last is right.
      db
        .prepare(
          `UPDATE leads SET earlier = json_insert(earlier, '$[#]', json(?3)), version = version + 1,
             details = CASE WHEN updated_at >= ?5 THEN json_patch(?4, details) ELSE json_patch(details, ?4) END,
             created_at = min(created_at, ?6), updated_at = max(updated_at, ?5)
           WHERE ${isMerged}`,
        )
        .bind(address, id, JSON.stringify(value), JSON.stringify(details), String(updatedAt), String(createdAt)),
      db.prepare(`INSERT INTO lead_ids (id, lead) SELECT ?2, id FROM leads WHERE ${isMerged}`).bind(address, id),
    ];
  },
  enrollment(db, { id, createdAt, student, course }) {
    if (typeof id !== "string" || !isObject(student) || typeof course !== "string") return [];
    const { email, name } = student;
    if (typeof email !== "string") return [];
    return [
      db
        .prepare(
          `INSERT INTO enrollments (id, address, email, name, course, created_at) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT DO NOTHING`,
        )
        .bind(id, addressKey(email), email, typeof name === "string" ? name : null, course, String(createdAt)),
    ];
  },
  async email(db, value) {
    const { id, createdAt, kind, rule, ...fields } = value;
    if (typeof id !== "string") return [];
    const { mail } = await readFields(fields);
    const said = { kind: String(kind) as MailRecord["kind"], rule: String(rule) };
    return [insertMail(db, { id, createdAt: String(createdAt), ...said, ...mail, original: null }, `${IN_KV}${id}`)];
  },
  mail(db, value) {
    const { id, kind, subject, createdAt } = value;
    const isRecord = [id, kind, subject, createdAt].every((each) => typeof each === "string");
    return isRecord ? [insertMail(db, value as unknown as MailRecord)] : [];
  },
};
