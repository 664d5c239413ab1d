// The record of registrations: one row each in D1. Every change is one statement, so that a precondition and the change
// it guards cannot be parted by another caller.

import { sha256 } from "#worker-kit/hash.ts";
import { database } from "../database.ts";
import type { Env } from "../env.ts";
import { byCodePoint } from "../routing/nearest.ts";
import type { Registration } from "./registration.ts";

/** A registration and what the record knows of it; times by ISO 8601. */
export interface Recorded {
  readonly registration: Registration;
  /** Of the content alone: the same registration has the same one again. */
  readonly etag: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What must be so for a change to be made: the state that the caller knows (RFC 9110, section 13.1). */
export interface Precondition {
  /** The entity tags that it may have; `*`: any, but it must exist. */
  readonly ifMatch?: readonly string[] | "*" | undefined;
  /** It must not exist. */
  readonly ifNoneMatch?: boolean;
}

interface Row {
  readonly record: string;
  readonly etag: string;
  readonly revision: number;
  readonly created_at: string;
  readonly updated_at: string;
}

// Each one is looked at where a task is for nobody that is declared, and all of them are read with it, as one text.
const MAX_REGISTRATIONS = 100;
const MAX_CHARACTERS = 256 * 1024;

// ?1 name, ?2 entity tags, ?3 record, ?4 its entity tag, ?5 now
const IS_ROOM = `(SELECT coalesce(sum(length(record)), 0) FROM registrations WHERE name <> ?1) + length(?3) <= ${MAX_CHARACTERS}`;
const VALUES = `(name, record, etag, revision, created_at, updated_at) SELECT ?1, ?3, ?4, 1, ?5, ?5
  WHERE (SELECT count(*) FROM registrations WHERE name <> ?1) < ${MAX_REGISTRATIONS} AND ${IS_ROOM}`;
const NEW = "record = ?3, etag = ?4, revision = revision + 1, updated_at = ?5";
const MATCHING = "(?2 IS NULL OR etag IN (SELECT value FROM json_each(?2)))";

/** Every registration, in name order. */
export async function findRegistrations(env: Env): Promise<Recorded[]> {
  const { results } = await (await database(env)).prepare("SELECT * FROM registrations").all<Row>();
  return results.map(recorded).sort((a, b) => byCodePoint(a.registration.name, b.registration.name));
}

export async function findRegistration(env: Env, name: string): Promise<Recorded | undefined> {
  const row = await (await database(env)).prepare("SELECT * FROM registrations WHERE name = ?").bind(name).first<Row>();
  return row ? recorded(row) : undefined;
}

/** Creates or updates; undefined where the precondition does not hold, or there is no room (`lackOfRoom`). */
export async function putRegistration(
  env: Env,
  registration: Registration,
  { ifMatch, ifNoneMatch = false }: Precondition,
): Promise<(Recorded & { readonly isNew: boolean }) | undefined> {
  const record = JSON.stringify(registration);
  const statement = ifMatch
    ? `UPDATE registrations SET ${NEW} WHERE name = ?1 AND ${MATCHING} AND ${IS_ROOM} RETURNING *`
    : `INSERT INTO registrations ${VALUES} ON CONFLICT (name) DO ${ifNoneMatch ? "NOTHING" : `UPDATE SET ${NEW}`} RETURNING *`;
  const row = await (await database(env))
    .prepare(statement)
    .bind(registration.name, tags(ifMatch), record, await etagOf(record), new Date().toISOString())
    .first<Row>();
  return row ? { ...recorded(row), isNew: row.revision === 1 } : undefined;
}

/** Why the registration has no place beside the others; undefined where it has one. */
export async function lackOfRoom(env: Env, registration: Registration): Promise<string | undefined> {
  const others = (await findRegistrations(env)).filter((each) => each.registration.name !== registration.name);
  if (others.length >= MAX_REGISTRATIONS) {
    return `${others.length} autopilots are registered already, and there may not be more`;
  }
  const records = [registration, ...others.map((each) => each.registration)];
  const length = records.reduce((sum, each) => sum + JSON.stringify(each).length, 0);
  if (length <= MAX_CHARACTERS) return undefined;
  return `all registrations together would have ${length} characters, and may have ${MAX_CHARACTERS}`;
}

/** Removes; false where there is none, or the precondition does not hold. */
export async function removeRegistration(env: Env, name: string, ifMatch: Precondition["ifMatch"]): Promise<boolean> {
  const statement = (await database(env)).prepare(
    `DELETE FROM registrations WHERE name = ?1 AND ${MATCHING} RETURNING name`,
  );
  return (await statement.bind(name, tags(ifMatch)).first()) !== null;
}

/** As the statements take it: null stands for any. */
function tags(ifMatch: Precondition["ifMatch"]): string | null {
  return ifMatch === undefined || ifMatch === "*" ? null : JSON.stringify(ifMatch);
}

function recorded(row: Row): Recorded {
  const registration = JSON.parse(row.record) as Registration;
  return { registration, etag: row.etag, createdAt: row.created_at, updatedAt: row.updated_at };
}

async function etagOf(record: string): Promise<string> {
  return `"${await sha256(record, 32)}"`;
}
