#if Server
import HTTPTypes
import Hummingbird
import Logging

/// Lets requests pass for which no key is needed, or that carry one which is known: `x-api-key:
/// KEY` or `Authorization: Bearer KEY`.
struct Authentication: RouterMiddleware {
  let policy: KeyPolicy

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    guard context.endpoint?.access != .open, let keys = try await policy.required() else {
      return try await next(request, context)
    }
    guard let presented = Self.key(of: request.headers) else {
      if context.endpoint?.access.isOpen == true { return try await next(request, context) }
      throw APIError.unauthorized(
        "This request has no key; send it as the header x-api-key or as Authorization: Bearer.")
    }
    guard let record = try await keys.verify(presented) else {
      throw APIError.unauthorized("The key of this request is not known, or was revoked.")
    }
    var context = context
    context.key = record
    context.logger[metadataKey: "key"] = "\(record.id)"
    return try await next(request, context)
  }

  private static func key(of headers: HTTPFields) -> String? {
    if let key = headers[.xAPIKey] { return key }
    guard let header = headers[.authorization] else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }
}

/// Lets requests pass whose key has a scope that the endpoint needs.
struct Authorization: RouterMiddleware {
  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    if let scopes = context.endpoint?.access.scopes, let key = context.key,
      key.scopes.expanded.isDisjoint(with: scopes)
    {
      throw APIError.forbidden(
        "This key has the scopes \(key.scopes.names.joined(separator: ", ")); this needs "
          + "\(scopes.names.joined(separator: " or ")).")
    }
    if let binding = context.key?.binding, let endpoint = context.endpoint,
      !binding.allows(endpoint.id, context.match?.parameters ?? [:])
    {
      throw APIError.forbidden(
        "This key is that of a training's worker: it may report that training, and fetch what its "
          + "arguments name.")
    }
    return try await next(request, context)
  }
}

/// Selects the endpoint that a request is for where its body tells several apart, and answers errors
/// from there on in that endpoint's form.
struct EndpointSelection: RouterMiddleware {
  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    let endpoints = context.match?.route.endpoints(for: request.method) ?? []
    guard endpoints.count > 1 else { return try await next(request, context) }
    var request = request
    var selected: Endpoint?
    if request.isForm {
      selected = endpoints.first { $0.selection == .form }
    } else {
      let members: Set<String>
      (request, members) = try await request.inspected(context)
      selected = endpoints.first {
        if case .member(let name) = $0.selection { members.contains(name) } else { false }
      }
    }
    var context = context
    context.endpoint = selected ?? context.endpoint
    context.errorForm = context.endpoint?.form ?? context.errorForm
    return try await next(request, context)
  }
}

/// Whether requests need a key.
///
/// With keys at the start they always do, also after the last one is revoked. Without, the server
/// listens on loopback only, and they do from the first key on that is made.
struct KeyPolicy: Sendable {
  /// The keys; nil if the server was told that none are needed.
  let keys: KeyStore?
  /// Whether there were keys at the start.
  let hadKeys: Bool

  /// - Parameters:
  ///   - keys: The keys, or nil if none are needed.
  ///   - isPlatform: Whether they belong to accounts: then there were keys, and one is always
  ///     needed.
  /// - Throws: `KeyStoreError` if the keys cannot be read.
  init(keys: KeyStore?, isPlatform: Bool) async throws(KeyStoreError) {
    self.keys = keys
    hadKeys = if isPlatform { true } else { try await keys?.hasActiveKeys ?? false }
  }

  /// The keys that this request needs one of, or nil if it needs none.
  func required() async throws -> KeyStore? {
    guard let keys else { return nil }
    if hadKeys { return keys }
    return try await keys.hasActiveKeys ? keys : nil
  }
}
#endif
