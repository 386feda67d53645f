#if Server
import GRDB

extension DatabaseMigrator {
  /// What a provider of payments has told: payments, subscriptions, and which of its events came.
  mutating func registerBilling() {
    registerMigration("billing") { database in
      try database.execute(
        sql: """
          CREATE TABLE payment (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            externalID TEXT NOT NULL UNIQUE,
            amount INTEGER NOT NULL CHECK (amount >= 0),
            currency TEXT NOT NULL,
            status TEXT NOT NULL,
            description TEXT NOT NULL,
            receipt TEXT,
            at INTEGER NOT NULL
          ) STRICT;
          CREATE INDEX paymentByAccount ON payment (account, at);
          CREATE TABLE customer (
            account TEXT PRIMARY KEY NOT NULL REFERENCES account ON DELETE CASCADE,
            externalID TEXT NOT NULL UNIQUE,
            subscription TEXT,
            status TEXT,
            cycle TEXT,
            endsWithPeriod INTEGER NOT NULL DEFAULT 0,
            periodEnd INTEGER,
            failed INTEGER,
            told INTEGER NOT NULL DEFAULT 0
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE providerEvent (
            id TEXT PRIMARY KEY NOT NULL,
            type TEXT NOT NULL,
            at INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          """)
    }
  }
}
#endif
