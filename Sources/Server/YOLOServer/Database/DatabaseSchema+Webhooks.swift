#if Server
import GRDB

extension DatabaseMigrator {
  /// Addresses that are told of events, and what they are still to be told.
  ///
  /// A delivery stays until its address has taken it, or its tries are used up.
  mutating func registerWebhooks() {
    registerMigration("webhooks") { database in
      try database.execute(
        sql: """
          CREATE TABLE webhook (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            account TEXT NOT NULL REFERENCES account ON DELETE CASCADE,
            url TEXT NOT NULL,
            events TEXT NOT NULL,
            description TEXT,
            secret TEXT NOT NULL,
            created INTEGER NOT NULL,
            pending INTEGER NOT NULL DEFAULT 0,
            delivered INTEGER NOT NULL DEFAULT 0,
            dropped INTEGER NOT NULL DEFAULT 0,
            lastAttempt INTEGER,
            lastStatus INTEGER,
            lastFailure TEXT
          ) STRICT;
          CREATE INDEX webhookByAccount ON webhook (account, number);
          CREATE INDEX pendingWebhook ON webhook (lastAttempt) WHERE pending > 0;
          CREATE TABLE webhookDelivery (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            event TEXT NOT NULL,
            webhook INTEGER NOT NULL REFERENCES webhook ON DELETE CASCADE,
            body TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            due INTEGER NOT NULL,
            UNIQUE (webhook, event)
          ) STRICT;
          CREATE INDEX webhookDeliveryByTime ON webhookDelivery (webhook, due, number);
          CREATE INDEX webhookDeliveryDue ON webhookDelivery (due);
          CREATE TRIGGER webhookDeliveryAdded AFTER INSERT ON webhookDelivery
            BEGIN UPDATE webhook SET pending = pending + 1 WHERE number = NEW.webhook; END;
          CREATE TRIGGER webhookDeliveryRemoved AFTER DELETE ON webhookDelivery
            BEGIN UPDATE webhook SET pending = pending - 1 WHERE number = OLD.webhook; END;
          """)
    }
  }
}
#endif
