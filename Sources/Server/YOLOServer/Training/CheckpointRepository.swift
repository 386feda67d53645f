#if Server
import GRDB
import NIOPosix
import YOLOSystem

/// The checkpoints that trainings upload: each upload has a ticket of its own, which is bound to a
/// model and to a run of its training.
struct CheckpointRepository: Sendable {
  let uploads: UploadRepository
  let clock: @Sendable () -> Int

  private var database: PlatformDatabase { uploads.store.database }

  /// The ticket of an upload.
  struct Ticket: Decodable, FetchableRecord, Sendable {
    let upload: String
    let path: String
    let model: String
    let run: Int
  }

  /// Begins an upload; returns it and the path that names it from then on.
  func begin(
    _ label: String, bytes: Int?, of model: TrainedModel, run: Int, account: Account
  ) async throws(PlatformError) -> (upload: Upload, path: String) {
    let upload = try await uploads.begin(
      UploadRequest(
        assetType: .models, asset: model.id, filename: label,
        contentType: "application/octet-stream", bytes: bytes),
      of: account)
    let path = "models/\(model.id)/run-\(run)/\(upload.id)/\(ObjectName.plain(label))"
    try await database.write { database in
      try database.execute(
        sql: "INSERT INTO checkpointUpload (upload, path, model, run) VALUES (?, ?, ?, ?)",
        arguments: [upload.id, path, model.id, run])
    }
    return (upload, path)
  }

  /// Returns the ticket of a path; nil if there is none.
  func ticket(_ path: String) async throws(PlatformError) -> Ticket? {
    try await database.read { database in
      try Ticket.fetchOne(
        database, sql: "SELECT * FROM checkpointUpload WHERE path = ?", arguments: [path])
    }
  }

  /// Lets a model have the checkpoint that has come for a ticket; once more changes nothing.
  ///
  /// A checkpoint that this server cannot run is kept, too: the training has made it.
  ///
  /// - Returns: What the client should know.
  /// - Throws: `APIError` of status 409 if no file has come.
  func redeem(
    _ ticket: Ticket, for model: TrainedModel, of account: Account
  ) async throws -> String? {
    let upload = try await uploads.upload(ticket.upload, of: account)
    if upload.redeemed != nil { return nil }
    guard let object = try await uploads.store.object(at: upload.reference) else {
      if try await uploads.upload(ticket.upload, of: account).redeemed != nil { return nil }
      throw APIError.conflict(
        "No file has come for \(ticket.path): send it to its uploadUrl first.")
    }
    if let announced = upload.request.bytes, announced != object.bytes {
      throw APIError.conflict(
        "\(announced) bytes were announced, but the file that has come has \(object.bytes): send "
          + "it again.")
    }
    let path = uploads.store.path(of: object.digest)
    let found = try await NIOThreadPool.singleton.runIfActive {
      Result { try ModelInspector.weights(at: path, object) }
    }
    var warning: String?
    var weights: ModelWeights?
    switch found {
    case .success(let known): weights = known
    case .failure(let error):
      let message = (error as? APIError)?.message ?? "\(error)"
      warning = "The checkpoint is kept, but cannot be run here: \(message)"
    }
    let now = clock()
    let known = weights
    _ = try await uploads.redeem(upload, object) { database in
      let row = try ModelRecords.row(database, .id(model.id), of: account)
      let name = ModelRecords.fileName(slug: row.slug, digest: object.digest)
      if let former = row.fileName {
        try ObjectTable.release(
          database, try ObjectReference(.models, owner: row.id, name: former))
      }
      try ObjectTable.adopt(
        database, object.digest, as: try ObjectReference(.models, owner: row.id, name: name),
        of: account)
      if let known {
        try ModelRecords.set(database, known, fileName: name, of: row, now: now)
      } else {
        try database.update(
          "model", id: row.id,
          [
            ("fileName", name), ("fileDigest", "\(object.digest)"), ("fileBytes", object.bytes),
            ("updated", now),
          ])
        try ModelRecords.touch(database, project: row.project, now: now)
      }
    }
    return warning
  }
}
#endif
