// The ledger's tables. Times are milliseconds since 1970, amounts in the currency's smallest unit.
import type { Migrations } from "#worker-kit/migrations.ts";

export const SCHEMA: Migrations = [
  [
    // `taken`: how many of its items are its own when it is made. One that another batch has makes all of it fail.
    `CREATE TABLE batches (
      id TEXT PRIMARY KEY,
      run TEXT NOT NULL,
      caller TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      currency TEXT NOT NULL,
      total INTEGER NOT NULL,
      size INTEGER NOT NULL,
      taken INTEGER NOT NULL CHECK (taken = size),
      status TEXT NOT NULL CHECK (status IN ('approval', 'open', 'final')),
      reasons TEXT NOT NULL,
      over_day INTEGER NOT NULL DEFAULT 0,
      created_at INTEGER NOT NULL,
      decided_by TEXT,
      decided_at INTEGER,
      note TEXT,
      lease TEXT,
      lease_until INTEGER NOT NULL DEFAULT 0,
      next_at INTEGER NOT NULL DEFAULT 0,
      answer TEXT -- of an earlier version
    ) STRICT`,
    "CREATE INDEX batches_open ON batches (next_at) WHERE status = 'open'",
    "CREATE INDEX batches_by_day ON batches (created_at)",
    "CREATE INDEX batches_by_run ON batches (run)",
    // `named`: whether the caller gave the reference. `doubt`: what became of an earlier call under this key is not known.
    // `sent_at`: the first call under this key.
    `CREATE TABLE items (
      payee TEXT NOT NULL,
      reference TEXT NOT NULL,
      currency TEXT NOT NULL,
      named INTEGER NOT NULL,
      batch TEXT NOT NULL,
      position INTEGER NOT NULL,
      amount INTEGER NOT NULL,
      description TEXT,
      status TEXT NOT NULL CHECK (status IN ('waiting', 'sending', 'looking', 'paid', 'refused', 'stuck')),
      key_number INTEGER NOT NULL DEFAULT 0,
      sent_at INTEGER,
      doubt INTEGER NOT NULL DEFAULT 0,
      tries INTEGER NOT NULL DEFAULT 0,
      next_at INTEGER NOT NULL DEFAULT 0,
      transfer TEXT,
      reason TEXT,
      upstream INTEGER,
      PRIMARY KEY (payee, reference, currency)
    ) STRICT, WITHOUT ROWID`,
    "CREATE INDEX items_of_batch ON items (batch, position)",
    // How far the claims of an earlier version were read, in R2.
    `CREATE TABLE imported (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      after TEXT,
      done INTEGER NOT NULL
    ) STRICT`,
    "INSERT INTO imported (one, after, done) VALUES (1, NULL, 0)",
  ],
  // What somebody said of it: 1 or 0; null where nobody was asked.
  ["ALTER TABLE batches ADD COLUMN approved INTEGER"],
  // `told`: whether the orchestrator has heard that a person has to look; of what is an earlier version's it has.
  [
    "ALTER TABLE batches ADD COLUMN told INTEGER NOT NULL DEFAULT 0",
    "UPDATE batches SET told = 1 WHERE EXISTS (SELECT 1 FROM items WHERE batch = batches.id AND status = 'stuck')",
    "CREATE INDEX items_stuck ON items (batch) WHERE status = 'stuck'",
    "CREATE INDEX batches_waiting ON batches (created_at) WHERE status = 'approval'",
    "CREATE INDEX batches_unreadable ON batches (created_at) WHERE fingerprint = ''",
  ],
];
