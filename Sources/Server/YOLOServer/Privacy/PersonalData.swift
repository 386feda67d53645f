#if Server
import GRDB
import JSONText
import YOLOCryptography

/// Which rows of each table are those of an account.
///
/// Every table of the schema is listed: what is exported is deleted with the account, what is not
/// has a reason.
package struct PersonalData: Sendable {
  /// The table.
  package let table: String
  /// What exports call it.
  package let member: String
  /// The condition of the rows of the account `:account`.
  package let condition: String
  /// The columns that are not exported: secrets, and what tells nothing.
  package var hidden: Set<String> = []
  /// Whether the rows stay when the account is deleted; they name nobody.
  var isKept = false

  /// The rows whose column is the account.
  private static func of(
    _ table: String, _ member: String, column: String = "account", hidden: Set<String> = []
  ) -> PersonalData {
    PersonalData(
      table: table, member: member, condition: "\(column) = :account", hidden: hidden)
  }

  /// The rows that belong to those of another table.
  private static func of(
    _ table: String, _ member: String, _ column: String, in parent: String, _ key: String = "id",
    hidden: Set<String> = []
  ) -> PersonalData {
    PersonalData(
      table: table, member: member,
      condition: "\(column) IN (SELECT \(key) FROM \(parent) WHERE account = :account)",
      hidden: hidden)
  }

  /// The tables in the order of exports.
  package static let exported: [PersonalData] = [
    of("account", "account", column: "id"),
    of("key", "keys", hidden: ["id", "digest"]),
    of("keyModel", "keyModels", "key", in: "key"),
    of("hour", "hours", "key", in: "key"),
    PersonalData(
      table: "callWindow", member: "calls",
      condition: """
        owner = :account OR owner IN (SELECT publicID FROM key WHERE account = :account)
        """),
    of("project", "projects"),
    of("model", "models"),
    of("dataset", "datasets"),
    of("image", "images", "dataset", in: "dataset"),
    of("ingest", "ingests", "dataset", in: "dataset"),
    of("datasetExport", "datasetExports", "dataset", in: "dataset"),
    of("imageClass", "imageClasses", "dataset", in: "dataset"),
    of("retainedImage", "retainedImages", "dataset", in: "dataset"),
    of("datasetVersion", "datasetVersions", "dataset", in: "dataset"),
    of("versionExport", "versionExports", "dataset", in: "dataset"),
    of("training", "trainings", "model", in: "model"),
    of("epoch", "epochs", "model", in: "model"),
    of("consoleChunk", "console", "model", in: "model"),
    of("plots", "plots", "model", in: "model"),
    of("checkpointUpload", "checkpoints", "model", in: "model"),
    of("trainingJob", "trainingJobs", hidden: ["key"]),
    of("deployment", "deployments", hidden: ["number", "token"]),
    of("deploymentMinute", "deploymentMinutes", "deployment", in: "deployment"),
    of("export", "exports"),
    of("star", "stars"),
    of("upload", "uploads"),
    of("reference", "files"),
    of("storageUse", "storage"),
    of("event", "activity"),
    of("webhook", "webhooks", hidden: ["number", "secret"]),
    of("webhookDelivery", "webhookDeliveries", "webhook", in: "webhook", "number"),
    of("payment", "payments"),
    of("customer", "customers"),
    of("personalExport", "personalExports"),
    PersonalData(
      table: "ledgerEntry", member: "ledger", condition: "account = :account", isKept: true),
  ]

  /// The tables that have nothing of an account, and why.
  package static let exempt: [String: String] = [
    "blob": "contents, which accounts share; the references to them are listed",
    "unreferencedBlob": "contents that nobody has any more",
    "secret": "the server's own secrets",
    "generation": "a counter of changes of keys",
    "keyImport": "the file of the server that keys were brought over from",
    "providerEvent": "identifiers of events that were booked, without whom they are of",
  ]
}

extension PersonalData {
  /// Writes the rows of an account as an array of objects; hands the text on piece by piece.
  func write(
    _ database: Database, of account: Account.ID, to json: inout JSONWriter,
    flush: (inout JSONWriter) throws -> Void
  ) throws {
    json.beginArray()
    let rows = try Row.fetchCursor(
      database, sql: "SELECT * FROM \(table) WHERE \(condition) ORDER BY 1",
      arguments: ["account": account])
    while let row = try rows.next() {
      json.beginObject()
      for (column, value) in row where !hidden.contains(column) {
        json.key(column)
        switch value.storage {
        case .null: json.value(.null)
        case .int64(let number): json.value(.int(Int(number)))
        case .double(let number): json.value(.double(number))
        case .string(let text): json.value(.string(text))
        case .blob(let data): json.value(.string(Array(data).hexadecimal))
        }
      }
      json.endObject()
      try flush(&json)
    }
    json.endArray()
  }
}
#endif
