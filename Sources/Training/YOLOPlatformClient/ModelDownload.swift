#if Server
import JSONText
import YOLOOutbound
import YOLOSystem

/// Fetches the weights of models, which are kept under the name that the Platform gives the file: it
/// changes with the content.
struct ModelDownload: Sendable {
  let calls: PlatformCalls

  /// The maximum size of a file.
  private static let maximumBytes = 16 << 30

  /// Returns the path of the weights of a model.
  ///
  /// - Throws: `PlatformClientError` that names the model.
  func path(
    of resource: PlatformResource, show: @Sendable (String) -> Void
  ) async throws(PlatformClientError) -> String {
    let name = resource.address
    let answer = try await calls.resource(
      name, "/api/models/\(resource.path)/files", timeout: .seconds(90))
    let files = answer["files"]?.elements ?? answer["data"]?.elements ?? []
    guard let first = files.first else {
      throw .resource(name, reason: "the model has no weights yet")
    }
    guard let address = first["downloadUrl"]?.string else {
      throw .resource(name, reason: "the Platform names no address of the weights")
    }
    let file = String(
      address.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").last ?? "")
    guard file.hasSuffix(".pt"), !file.hasPrefix("."), (4...255).contains(file.utf8.count),
      file.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "%") })
    else {
      throw .resource(
        name, reason: "its file is called \(file.excerpt()), which is no name of a checkpoint")
    }
    let directory = "\(calls.access.cache)/models/\(resource.path)"
    let path = "\(directory)/\(file)"
    if FileSystem.exists(path) { return path }
    let temporary = "\(directory)/.\(UInt64.random(in: .min ... .max))"
    do throws(FileError) {
      try FileSystem.makeDirectories(directory)
    } catch {
      throw PlatformClientError(error)
    }
    show("Fetching \(name)")
    do throws(PlatformCalls.Failure) {
      try await calls.fetch(address, to: temporary, maximumBytes: Self.maximumBytes, .resources)
    } catch {
      if case .cancelled = error { throw .interrupted }
      throw .resource(name, reason: "its weights cannot be fetched: \(error)")
    }
    do throws(FileError) {
      try FileSystem.move(temporary, to: path)
    } catch {
      FileSystem.removeTree(temporary)
      throw PlatformClientError(error)
    }
    return path
  }
}

extension PlatformCalls {
  /// Asks for what `ul://…` names, as patiently as the Platform's own clients.
  func resource(
    _ name: String, _ path: String, timeout: Duration
  ) async throws(PlatformClientError) -> JSONValue {
    do throws(Failure) {
      return try await json(.get, path, timeout: timeout, .resources)
    } catch {
      switch error {
      case .cancelled: throw .interrupted
      case .refused(401, _, _):
        throw .resource(
          name,
          reason: access.key == nil
            ? "the Platform asks for a key (\(PlatformAccess.keyVariable))"
            : "the Platform does not know the key of \(PlatformAccess.keyVariable)")
      case .refused(403, let message, _): throw .resource(name, reason: "not allowed: \(message)")
      case .refused(404, _, _):
        throw .resource(name, reason: "\(access.origin) has no such thing, or not for this key")
      default: throw .resource(name, reason: "\(error)")
      }
    }
  }
}
#endif
