#if Server
import YOLOOutbound
package import YOLOServerOptions
import YOLOSystem

/// Loads the model of an instance in a cluster from the server that it belongs to.
package enum InstanceModel {
  /// The variable of the environment that has the address.
  static let variable = "SWIFT_YOLO_INSTANCE_MODEL"
  /// The maximum size of a model.
  private static let maximumBytes = 16 << 30
  private static let attempts = 6

  /// The model cannot be loaded.
  package struct Failure: Error, CustomStringConvertible {
    /// One sentence, without the address, which is a secret.
    package let description: String
  }

  /// Loads the file of `--dedicated` if it is not there and the environment has its address.
  ///
  /// - Throws: ``Failure`` if it cannot be loaded, however often it is tried.
  package static func fetch(
    _ settings: ServerSettings, environment: [String: String]
  ) async throws(Failure) {
    guard settings.isDedicated, let address = environment[variable], !address.isEmpty,
      !FileSystem.exists(settings.models)
    else { return }
    let client = OutboundClient()
    var message = ""
    for attempt in 0..<attempts {
      var request = OutboundRequest(.get, address, policy: .any)
      request.allowsPlainHTTP = true
      request.destination = .file(path: settings.models, maximumBytes: maximumBytes)
      request.timeout = .seconds(600)
      request.idleTimeout = .seconds(30)
      do throws(OutboundError) {
        let response = try await client.send(request)
        if response.isSuccess { return }
        message = "the server answers \(response.status)"
        // What is not there will not come.
        if [403, 404].contains(response.status) { break }
      } catch {
        message = "\(error)"
      }
      // The last pause is of no use.
      if attempt < attempts - 1 { try? await Task.sleep(for: .seconds(1 << attempt)) }
    }
    throw Failure(description: "The model of this instance cannot be loaded: \(message)")
  }
}
#endif
