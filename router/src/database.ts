// The orchestrator's records: the D1 database `DB`, with a schema that the Worker makes itself on first use.
//
// `pulumi up` makes an empty database and has nobody to run a migration for it. So each isolate looks once at how far
// the schema is and applies what is missing. A migration and its number are one transaction: of two isolates that
// begin at the same time, one fails on the number's primary key and finds the work done.

import type { Env } from "./env.ts";
import { notConfigured, Refused } from "./problem.ts";

/**
 * In order, each once; the index is the version it makes, less one. What stands here has run somewhere: it is never
 * changed or removed, and a change of the schema is one more entry. An older Worker must be able to go on with a newer
 * schema (during a roll-out, or after a roll-back): add tables and columns, don't rename or drop them.
 */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE registrations (
      name TEXT PRIMARY KEY,
      record TEXT NOT NULL,
      etag TEXT NOT NULL,
      revision INTEGER NOT NULL,
      created_at TEXT NOT NULL,
      updated_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID`,
  ],
];

const HINT = "Run `pulumi up`: it makes the database and binds it.";

let isMigrated = false;

/** The database with the schema of this Worker. Throws Refused (503) when none is bound. */
export async function database({ DB: db }: Env): Promise<D1Database> {
  if (!db) throw new Refused(notConfigured("DB", "is not bound, so nothing can be recorded", HINT));
  if (!isMigrated) {
    await migrate(db);
    isMigrated = true;
  }
  return db;
}

async function migrate(db: D1Database): Promise<void> {
  await db.prepare("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY) STRICT").run();
  for (let version = (await versionOf(db)) + 1; version <= MIGRATIONS.length; version++) {
    const number = db.prepare("INSERT INTO migrations (version) VALUES (?)").bind(version);
    const statements = MIGRATIONS[version - 1]!.map((statement) => db.prepare(statement));
    try {
      await db.batch([number, ...statements]);
    } catch (error) {
      if ((await versionOf(db)) < version) throw error; // else another isolate was first
    }
  }
}

async function versionOf(db: D1Database): Promise<number> {
  return (await db.prepare("SELECT max(version) AS version FROM migrations").first<number | null>("version")) ?? 0;
}
