#if Server
import HTTPTypes
import Hummingbird
import Logging
import YOLOSystem

/// Answers who wants to have, or to have deleted, all that is kept of an account.
struct PrivacyController: Sendable {
  let privacy: PrivacyRepository
  let signer: AddressSigner
  let origins: OriginPolicy
  /// Whether each deletion must be confirmed.
  let needsConfirmation: Bool

  /// The word that confirms a deletion.
  private static let word = "DELETE"

  /// The body of `POST /api/gdpr`.
  private struct Demand: Decodable {
    let action: String
    let confirmationWord: String?
  }

  /// An export, and where it is fetched.
  private struct ExportData: Encodable {
    let jobId: String
    let status = "completed"
    let downloadUrl: String
    let expiresAt: Timestamp
  }

  private struct Deleted: Encodable {
    let deleted = true
  }

  /// `POST /api/gdpr`.
  func act(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let demand = try await request.decoded(Demand.self, context)
    try ResourceName.check("action", demand.action, in: ["export", "delete"])
    if demand.action == "export" {
      return try answer(try await privacy.export(account), request, context)
    }
    if let word = demand.confirmationWord, word != Self.word {
      throw APIError.invalidField(
        "confirmationWord", given: word.excerpt(), expected: Self.word,
        "confirmationWord must be \(Self.word).")
    }
    try await privacy.delete(
      account, isConfirmed: demand.confirmationWord != nil, needsConfirmation: needsConfirmation)
    context.logger.notice("an account was deleted", metadata: ["account": "\(account.id)"])
    return try .encoded(Envelope(data: Deleted()))
  }

  /// `GET /api/gdpr`.
  func export(_ request: Request, _ context: ServerContext) async throws -> Response {
    guard let id = try QueryReader(request).text("jobId", limit: 100) else {
      throw APIError.invalidField(
        "jobId", expected: "the identifier of an export", "The query has no jobId.")
    }
    return try answer(
      try await privacy.export(id, of: try context.account()), request, context)
  }

  private func answer(
    _ row: PersonalExportRow, _ request: Request, _ context: ServerContext
  ) throws -> Response {
    let address = signer.address(
      of: try row.reference, for: .get, expires: row.expires,
      origin: try origins.origin(of: request, context))
    return try .encoded(
      Envelope(
        data: ExportData(
          jobId: row.id, downloadUrl: address, expiresAt: Timestamp(row.expires))))
  }
}
#endif
