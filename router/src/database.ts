// The orchestrator's records: the D1 database `DB`, with a schema that the Worker makes itself on first use.
// See packages/worker-kit/migrations.ts for how.

import { type Migrations, migrate } from "#worker-kit/migrations.ts";
import type { Env } from "./env.ts";
import { notConfigured } from "./http/problem.ts";

const MIGRATIONS: Migrations = [
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
  [
    `CREATE TABLE journal (
      at INTEGER NOT NULL, -- milliseconds since 1970
      id INTEGER NOT NULL,
      serial INTEGER NOT NULL,
      request_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      caller TEXT NOT NULL,
      task TEXT,
      capability TEXT,
      autopilot TEXT,
      outcome TEXT NOT NULL,
      status INTEGER,
      duration_ms INTEGER,
      detail TEXT,
      PRIMARY KEY (at, id)
    ) STRICT, WITHOUT ROWID`,
  ],
  [
    // Times are milliseconds since 1970. `answer` is the text of an answer, or its bytes where it is no text.
    `CREATE TABLE runs (
      caller TEXT NOT NULL,
      key TEXT NOT NULL,
      id TEXT NOT NULL UNIQUE,
      fingerprint TEXT NOT NULL,
      task TEXT NOT NULL,
      capability TEXT NOT NULL,
      autopilot TEXT NOT NULL,
      request_id TEXT NOT NULL,
      claim TEXT NOT NULL,
      status TEXT NOT NULL,
      attempts INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      started_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      finished_at INTEGER,
      why TEXT,
      answer_status INTEGER,
      answer_type TEXT,
      answer_bytes INTEGER,
      answer ANY,
      resolutions TEXT NOT NULL DEFAULT '[]',
      PRIMARY KEY (caller, key)
    ) STRICT`,
    "CREATE INDEX runs_by_creation ON runs (created_at, id)",
  ],
  // What was asked for in the last minutes; the time is in milliseconds since 1970.
  ["CREATE TABLE heal_requests (reason TEXT PRIMARY KEY, requested_at INTEGER NOT NULL) STRICT, WITHOUT ROWID"],
  [
    // One row: what the last scheduled run found, and the active run (until when, in milliseconds since 1970).
    `CREATE TABLE checks (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      run TEXT NOT NULL,
      until INTEGER NOT NULL,
      snapshot TEXT NOT NULL
    ) STRICT`,
  ],
  [
    // What became of a run in one word (forward/outcome.ts), and the headers that a repeat is answered with.
    "ALTER TABLE runs ADD COLUMN outcome TEXT",
    "ALTER TABLE runs ADD COLUMN answer_encoding TEXT",
    "ALTER TABLE runs ADD COLUMN answer_retry_after TEXT",
    // What a person has to look after is found without reading the rest.
    "CREATE INDEX runs_unsettled ON runs (created_at, id) WHERE status IN ('running', 'unknown')",
  ],
  [
    // The journal's tasks of an hour or a day, from `start` on for `unit` milliseconds: counts by "autopilot outcome ms error"
    // as JSON, and the highest serial. `journal_counted` is the place of the last entry that is in them.
    `CREATE TABLE journal_counts (
      unit INTEGER NOT NULL,
      start INTEGER NOT NULL,
      counts TEXT NOT NULL,
      serial INTEGER NOT NULL,
      PRIMARY KEY (unit, start)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE journal_counted (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      at INTEGER NOT NULL,
      id INTEGER NOT NULL
    ) STRICT`,
    "INSERT INTO journal_counted (one, at, id) VALUES (1, 0, 0)",
  ],
  // How often the same was asked for, since all was well.
  ["ALTER TABLE heal_requests ADD COLUMN tries INTEGER NOT NULL DEFAULT 1"],
  [
    // Tasks that nobody waits for (later/records.ts): a run is `queued` until a message of the queue has it tried.
    // `guarded`: of a task with `once`; `later`: it came, or comes, by the queue; `allowed`: how many attempts it has;
    // `meta` is there while it may be sent again; `sent_at`: when the last message was sent for it.
    "ALTER TABLE runs ADD COLUMN guarded INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE runs ADD COLUMN later INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN allowed INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE runs ADD COLUMN meta TEXT",
    "ALTER TABLE runs ADD COLUMN due_at INTEGER",
    "ALTER TABLE runs ADD COLUMN sent_at INTEGER",
    "ALTER TABLE runs ADD COLUMN trace TEXT",
    "ALTER TABLE runs ADD COLUMN schedule TEXT",
    "ALTER TABLE runs ADD COLUMN callback TEXT",
    // `waiting`, `told` or `failed`; null where nobody is to be told yet.
    "ALTER TABLE runs ADD COLUMN callback_status TEXT",
    "CREATE INDEX runs_queued ON runs (due_at) WHERE status = 'queued'",
    "CREATE INDEX runs_untold ON runs (finished_at) WHERE callback_status = 'waiting'",
    // Autopilots that have asked to be left alone (429 with Retry-After), until when, in milliseconds since 1970.
    "CREATE TABLE pauses (autopilot TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    // Tasks that are asked for again and again. `id` is `file:` and a name for those of autopilots.yaml.
    `CREATE TABLE schedules (
      id TEXT PRIMARY KEY,
      caller TEXT NOT NULL,
      task TEXT NOT NULL,
      meta TEXT NOT NULL,
      every TEXT NOT NULL,
      timezone TEXT NOT NULL,
      callback TEXT,
      created_at INTEGER NOT NULL,
      next_at INTEGER NOT NULL,
      last_run TEXT,
      missed INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID`,
  ],
  // http/sign-in.ts: the code's hash, the caller's token encrypted, and until when (milliseconds since 1970).
  [
    "CREATE TABLE sign_in_codes (id TEXT PRIMARY KEY, sealed TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  ],
];

const HINT = "Run `pulumi up`: it makes the database and binds it.";

/** The database with the schema of this Worker. Throws a problem (503) when none is bound. */
export async function database({ DB: db }: Env): Promise<D1Database> {
  if (!db) throw notConfigured("DB", "is not bound, so nothing can be recorded", HINT);
  await migrate(db, MIGRATIONS);
  return db;
}
