// Leads and enrolments, kept in KV. `crm.lead.update {id}` with nothing to change reads a lead back: reading
// personal data needs the signature over a body that names it, which a GET does not have.
import * as v from "valibot";
import { list, object, string } from "#worker-kit/validation.ts";
import type { Call } from "../../shared/serve.ts";
import { email, lines, text, validate } from "../../shared/validate.ts";
import type { Env } from "./env.ts";
import { createRecord, updateRecord } from "./records.ts";

const DETAILS = {
  name: v.optional(text({ max: 200 })),
  company: v.optional(text({ max: 200 })),
  phone: v.optional(string(/^\+?[\d ()./-]{3,40}$/, { max: 40, message: "must be a telephone number" })),
  source: v.optional(text({ max: 100 })),
  notes: v.optional(lines({ max: 10_000 })),
  tags: v.optional(list(text({ max: 50 }), { max: 20 })),
};
const NEW_LEAD = object({ email, ...DETAILS });
const LEAD_CHANGES = object({
  id: string(/^[0-9a-f]{32}$/, { max: 32, message: "must be a lead's id" }),
  email: v.optional(email),
  ...DETAILS,
});
const COURSE = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const NEW_ENROLMENT = object({
  student: object({ email, name: v.optional(text({ max: 200 })) }),
  course: string(COURSE, { max: 63, message: "must be a course's name such as bread-for-beginners" }),
});

export async function createLead({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  return await createRecord(env.AI_EMPLOYEE_LOGS, "lead", repeatKey, validate(NEW_LEAD, meta));
}

export async function updateLead({ env, meta }: Call<Env>): Promise<Response> {
  const { id, ...changes } = validate(LEAD_CHANGES, meta);
  return await updateRecord(env.AI_EMPLOYEE_LOGS, "lead", id, changes);
}

export async function createEnrolment({ env, meta, repeatKey }: Call<Env>): Promise<Response> {
  return await createRecord(env.AI_EMPLOYEE_LOGS, "enrollment", repeatKey, validate(NEW_ENROLMENT, meta));
}
