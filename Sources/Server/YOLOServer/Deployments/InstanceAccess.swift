#if Server
import HTTPTypes
import Hummingbird
import YOLOSystem

/// Lets an instance of a deployment answer only the server that has started it, which sends what
/// both were told; and in the way that it asks for.
struct InstanceAccess: RouterMiddleware {
  /// The variable of the environment that tells an instance.
  static let variable = "SWIFT_YOLO_INSTANCE_TOKEN"
  /// The header of requests.
  static let header = "X-Yolo-Instance"
  /// The header that asks for answers of the Platform API.
  static let styleHeader = "X-Yolo-Platform"

  /// What is asked for.
  let token: String

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    // Whether it lives and is ready anybody may ask.
    if context.endpoint?.isPolled == true { return try await next(request, context) }
    let given = HTTPField.Name(Self.header).flatMap { request.headers[$0] } ?? ""
    guard Self.areEqual(Array(given.utf8), Array(token.utf8)) else {
      throw APIError.forbidden(
        "This is an instance of a deployment, which answers its server alone.")
    }
    var context = context
    if HTTPField.Name(Self.styleHeader).flatMap({ request.headers[$0] }) != nil {
      context.style = .platform
    }
    return try await next(request, context)
  }

  /// Compares in a time that does not depend on the content.
  private static func areEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    guard first.count == second.count else { return false }
    return zip(first, second).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
#endif
