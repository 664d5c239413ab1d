// What the capabilities of leads and enrolments take.
import * as v from "valibot";
import { integer, list, object, string } from "#worker-kit/validation.ts";
import { email, lines, text } from "../../../shared/validate.ts";
import { fileKey } from "../files/key.ts";

const NAME = text({ max: 200 });
const DETAILS = {
  name: NAME,
  company: NAME,
  phone: string(/^\+?[\d ()./-]{3,40}$/, { max: 40, message: "must be a telephone number" }),
  source: text({ max: 100 }),
  notes: lines({ max: 10_000 }),
  tags: list(text({ max: 50 }), { max: 20 }),
};
const ID = string(/^[0-9a-f]{32}$/, { max: 32, message: "must be a lead's id" });
/** As in the header If-Match: the `etag` that the caller knows, or `*`. */
const IF_MATCH = string(/^(\*|"\d{1,15}")$/, {
  max: 17,
  message: 'must be an etag such as "3", quotes included, or *',
});
const ONE = { id: v.optional(ID), email: v.optional(email) };

export const NEW_LEAD = object({
  email,
  name: v.optional(DETAILS.name),
  company: v.optional(DETAILS.company),
  phone: v.optional(DETAILS.phone),
  source: v.optional(DETAILS.source),
  notes: v.optional(DETAILS.notes),
  tags: v.optional(DETAILS.tags),
});
/** null clears. */
export const LEAD_CHANGES = object({
  id: ID,
  ifMatch: v.optional(IF_MATCH),
  email: v.optional(email),
  name: v.nullish(DETAILS.name),
  company: v.nullish(DETAILS.company),
  phone: v.nullish(DETAILS.phone),
  source: v.nullish(DETAILS.source),
  notes: v.nullish(DETAILS.notes),
  tags: v.nullish(DETAILS.tags),
});
export const LEAD_SEARCH = object({
  ...ONE,
  limit: v.optional(integer({ min: 1, max: 100 })),
  cursor: v.optional(
    string(/^[0-9TZ:.-]{20,30} [0-9a-f]{32}$/, { max: 70, message: "must be the `next` of the page before" }),
  ),
});
/**
 * `everything`: not the lead alone, but all that is kept of the person. `files`: keys of files that are the person's and
 * were handed in without saying so.
 */
export const LEAD_TO_DELETE = v.pipe(
  object({
    ...ONE,
    ifMatch: v.optional(IF_MATCH),
    everything: v.optional(v.boolean("must be true or false"), false),
    files: v.optional(list(fileKey, { max: 20 }), []),
  }),
  v.check(({ id, email: address }) => (id === undefined) !== (address === undefined), "needs either id or email"),
  v.check(({ everything, files }) => everything || files.length === 0, "has files, and they go with everything: true"),
);

export const COURSE = string(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, {
  max: 63,
  message: "must be a course's name such as bread-for-beginners",
});
export const NEW_ENROLMENT = object({
  student: object({ email, name: v.optional(NAME) }),
  course: COURSE,
});
