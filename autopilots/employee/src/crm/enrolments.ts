// Enrolments: one for each student and course, whoever asks and however often.
import { Problem } from "#worker-kit/problem.ts";
import type { Call } from "../../../shared/serve.ts";
import { validate } from "../../../shared/validate.ts";
import { addressKey } from "../address.ts";
import { records } from "../database.ts";
import type { Env } from "../env.ts";
import { findRepeat, fingerprintOf, makeOnce } from "../repeats.ts";
import { NEW_ENROLMENT } from "./meta.ts";

interface EnrolmentRow {
  id: string;
  email: string;
  name: string | null;
  course: string;
  version: number;
  created_at: string;
}

interface NewEnrolment {
  student: { email: string; name?: string | undefined };
  course: string;
}

/** 201 with a new enrolment, 200 with the one that is there. */
export async function createEnrolment({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  const { row, isNew } = await enrol(env, validate(NEW_ENROLMENT, meta), repeatKey);
  const { id, email, name, course, version, created_at: createdAt } = row;
  const student = { email, ...(name === null ? {} : { name }) };
  return Response.json({ id, createdAt, version, student, course }, { status: isNew ? 201 : 200 });
}

/** `repeatKey` is equal for a repeat of the same wish. Throws a problem (422) where it came with another. */
export async function enrol(
  env: Env,
  wish: NewEnrolment,
  repeatKey: string,
): Promise<{ row: EnrolmentRow; isNew: boolean }> {
  const db = await records(env);
  const { student, course } = wish;
  const address = addressKey(student.email);
  const fingerprint = await fingerprintOf(wish);
  const upsert = db
    .prepare(
      `INSERT INTO enrollments (id, address, email, name, course, created_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (address, course) DO UPDATE SET name = coalesce(excluded.name, name), version = version + 1
       RETURNING *`,
    )
    .bind(newId(), address, student.email, student.name ?? null, course, new Date().toISOString());
  const idOf = { sql: "SELECT id FROM enrollments WHERE address = ? AND course = ?", values: [address, course] };
  const made = await makeOnce<EnrolmentRow>(db, { key: repeatKey, fingerprint }, [upsert], idOf);
  if (made) return { row: made, isNew: made.version === 1 };
  await findRepeat(db, repeatKey, fingerprint);
  const known = await db
    .prepare("SELECT * FROM enrollments WHERE address = ? AND course = ?")
    .bind(address, course)
    .first<EnrolmentRow>();
  if (!known) {
    const detail = `This call enrolled ${student.email} in ${course} before, and that was deleted since.`;
    throw new Problem({ status: 404, title: "No such enrollment", detail, members: { outcome: "rejected" } });
  }
  return { row: known, isNew: false };
}

function newId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
