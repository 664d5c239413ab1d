// The employee's records: the D1 database EFH_CRM. Times are by ISO 8601.
import { type Migrations, migrate } from "#worker-kit/migrations.ts";
import { notConfigured } from "../../shared/problem.ts";
import type { Env } from "./env.ts";
import { takeOver } from "./take-over.ts";

const MIGRATIONS: Migrations = [
  [
    // `address` is the e-mail address in the form in which two spellings of one are equal; `details` are JSON, what is
    // null is not there. `earlier`: records of this address that were merged into this one, whole.
    `CREATE TABLE leads (
      id TEXT PRIMARY KEY,
      address TEXT NOT NULL UNIQUE,
      email TEXT NOT NULL,
      details TEXT NOT NULL,
      earlier TEXT NOT NULL DEFAULT '[]',
      version INTEGER NOT NULL DEFAULT 1,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT`,
    "CREATE INDEX leads_by_creation ON leads (created_at, id)",
    // Ids of records that were merged into a lead: they still find it.
    "CREATE TABLE lead_ids (id TEXT PRIMARY KEY, lead TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX lead_ids_by_lead ON lead_ids (lead)",
    `CREATE TABLE enrollments (
      id TEXT PRIMARY KEY,
      address TEXT NOT NULL,
      email TEXT NOT NULL,
      name TEXT,
      course TEXT NOT NULL,
      version INTEGER NOT NULL DEFAULT 1,
      created_at TEXT NOT NULL,
      UNIQUE (address, course)
    ) STRICT`,
    // What a call made, by its key, so that a repeat finds it.
    `CREATE TABLE repeats (
      key TEXT PRIMARY KEY,
      fingerprint TEXT NOT NULL,
      record TEXT NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID`,
    "CREATE INDEX repeats_by_creation ON repeats (created_at)",
    `CREATE TABLE mails (
      id TEXT PRIMARY KEY,
      address TEXT NOT NULL, -- the sender's
      kind TEXT NOT NULL,
      subject TEXT NOT NULL,
      original TEXT, -- the key in EFH_PRIVATE of what came
      record TEXT NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT`,
    "CREATE INDEX mails_by_sender ON mails (address, created_at)",
    // Mail that goes out: claimed before it is sent, so that it is sent once.
    `CREATE TABLE sent (
      key TEXT PRIMARY KEY,
      fingerprint TEXT NOT NULL,
      address TEXT NOT NULL, -- the recipient's
      answer TEXT, -- null while nobody knows
      claimed_at INTEGER NOT NULL, -- milliseconds since 1970, of the first try
      tried_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID`,
    "CREATE INDEX sent_by_recipient ON sent (address)",
    // Files that were handed in (files/store.ts).
    `CREATE TABLE files (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      declared TEXT,
      fingerprint TEXT NOT NULL,
      object TEXT,
      size INTEGER,
      sha256 TEXT,
      type TEXT,
      created_at TEXT NOT NULL
    ) STRICT`,
    // How far the records of before D1 were taken over, by where they are.
    "CREATE TABLE taken_over (source TEXT PRIMARY KEY, cursor TEXT, done INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  ],
  // Whose a file is, where the caller said so.
  ["ALTER TABLE files ADD COLUMN address TEXT", "CREATE INDEX files_by_address ON files (address)"],
];

let isTakenOver = false;

/** The database, with this Worker's schema and the records of earlier versions. Throws a problem (503) without it. */
export async function records(env: Env): Promise<D1Database> {
  const db = env.EFH_CRM;
  if (!db) throw notConfigured(["EFH_CRM"], "`pulumi up` binds it to this Worker.");
  await migrate(db, MIGRATIONS);
  if (!isTakenOver) isTakenOver = await takeOver(env, db);
  return db;
}

/** Whether all records of earlier versions are in the database; each call of `records` takes over some more. */
export function hasAllRecords(): boolean {
  return isTakenOver;
}
