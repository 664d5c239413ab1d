// The schema of a D1 database, made by the Worker that uses it.
//
// `pulumi up` makes an empty database and has nobody to run a migration for it. So each isolate looks once at how far
// the schema is and applies what is missing. A migration and its number are one transaction: of two isolates that
// begin at the same time, one fails on the number's primary key and finds the work done.

/**
 * In order, each once; the index is the version it makes, less one. What stands in one has run somewhere: it is never
 * changed or removed, and a change of the schema is one more entry. An older Worker must be able to work with a newer
 * schema (during a deployment, or after a roll-back): add tables and columns, don't rename or drop them.
 */
export type Migrations = readonly (readonly string[])[];

const migrated = new WeakSet<D1Database>();

/** Brings the schema of `db` to that of `migrations`; once in an isolate. */
export async function migrate(db: D1Database, migrations: Migrations): Promise<void> {
  if (migrated.has(db)) return;
  await db.prepare("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY) STRICT").run();
  for (let version = (await versionOf(db)) + 1; version <= migrations.length; version++) {
    const number = db.prepare("INSERT INTO migrations (version) VALUES (?)").bind(version);
    const statements = migrations[version - 1]!.map((statement) => db.prepare(statement));
    try {
      await db.batch([number, ...statements]);
    } catch (error) {
      if ((await versionOf(db)) < version) throw error; // else another isolate was first
    }
  }
  migrated.add(db);
}

async function versionOf(db: D1Database): Promise<number> {
  return (await db.prepare("SELECT max(version) AS version FROM migrations").first<number | null>("version")) ?? 0;
}
