#if Server
import HTTPTypes
import Hummingbird

/// Answers what is asked about the keys of an account.
struct KeysController: Sendable {
  let accounts: AccountRepository

  /// The body of `POST /api/api-keys`.
  private struct Creation: Decodable {
    let name: String
    let scopes: [String]?
  }

  /// `GET /api/api-keys`.
  func list(_ request: Request, _ context: ServerContext) async throws -> Response {
    let keys = try await accounts.keys(of: try context.account()).map(KeyData.init)
    let flat = KeyList(
      keys: keys.map {
        KeyList.Key(
          keyId: $0.id, name: $0.name, keyPrefix: $0.keyPrefix, createdAt: $0.createdAt)
      })
    return try .encoded(Superset(data: keys, flat: flat))
  }

  /// `POST /api/api-keys`.
  func create(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    let asked = try await request.decoded(Creation.self, context)
    let scopes = try asked.scopes.map { names throws(PlatformError) in
      try Set<Scope>(names: names)
    }
    let granted = scopes ?? [.write]
    let excess = granted.expanded.subtracting(context.key?.scopes.expanded ?? [])
    guard excess.isEmpty else {
      throw APIError.forbidden(
        "A key cannot create one with more scopes than its own; it lacks "
          + "\(excess.names.joined(separator: ", ")).")
    }
    let (key, record) = try await accounts.createKey(
      name: asked.name, of: account, scopes: granted)
    let data = KeyData(record)
    let created = CreatedKey(
      id: data.id, keyId: data.id, name: data.name, key: key, keyPrefix: data.keyPrefix,
      scopes: data.scopes, createdAt: data.createdAt)
    return try .encoded(Superset(data: created, flat: created), status: .created)
  }

  /// `DELETE /api/api-keys/{keyId}`, and with the identifier in the query.
  func revoke(_ request: Request, _ context: ServerContext) async throws -> Response {
    let account = try context.account()
    guard
      let id = context.match?.parameters["keyId"]
        ?? request.uri.queryParameters["keyId"].map(String.init)
    else {
      throw APIError.invalidField(
        "keyId", expected: "the identifier of a key", "The query has no keyId.")
    }
    try await accounts.revokeKey(id, of: account)
    return try .encoded(Envelope(data: ResourceIdentity(id: id)))
  }
}
#endif
