#if Server
import Foundation
import JSONText
import YOLOOutbound
import YOLOServerOptions
import YOLOSystem

/// Why a cluster cannot be used.
package enum ClusterError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A file that says how to reach it cannot be used.
  case configuration(path: String, reason: String)
  /// A setting is missing.
  case setting(String)
  /// It refuses a request.
  case refused(status: Int, message: String)
  /// It does not answer.
  case unreachable(String)

  /// A sentence.
  package var description: String {
    switch self {
    case .configuration(let path, let reason): "\(path): \(reason)"
    case .setting(let message): message
    case .refused(let status, let message): "The cluster answers \(status): \(message)"
    case .unreachable(let message): "The cluster cannot be reached: \(message)"
    }
  }
}

/// How the API server of a cluster is reached, and by whom.
struct ClusterAccess: Sendable {
  /// Who asks.
  enum Identity: Sendable {
    /// Whoever has the token in a file, which is read anew for each request since it changes.
    case tokenFile(String)
    case token(String)
    /// Whoever has the certificate of ``ClusterAccess/trust``.
    case certificate
  }

  /// The address of the API server.
  let server: String
  let namespace: String
  let identity: Identity
  let trust: OutboundTrust

  /// Where Kubernetes puts what a pod needs.
  private static let accountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount"
  private static let maximumBytes = 1 << 20

  /// Reads how the cluster is reached: as a kubeconfig says, else as in a pod.
  static func read(
    settings: ServerSettings, environment: [String: String]
  ) throws(ClusterError) -> ClusterAccess {
    if let path = settings.kubeconfig {
      return try ClusterAccess(kubeconfig: path, namespace: settings.clusterNamespace)
    }
    return try ClusterAccess(podOf: settings, environment: environment)
  }

  private init(
    podOf settings: ServerSettings, environment: [String: String]
  ) throws(ClusterError) {
    let directory = Self.accountDirectory
    guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
      let port = environment["KUBERNETES_SERVICE_PORT"], FileSystem.exists("\(directory)/token")
    else {
      throw .setting(
        "This is no pod of a cluster with a service account: name a kubeconfig by --kubeconfig.")
    }
    server = "https://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    identity = .tokenFile("\(directory)/token")
    trust = OutboundTrust(.file("\(directory)/ca.crt"))
    let file = (try? FileSystem.read("\(directory)/namespace", maximumBytes: 1024)).map {
      String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace }
    }
    namespace = settings.clusterNamespace ?? file ?? "default"
  }

  /// Reads a kubeconfig in JSON: its current context, with a token, a file of one, or a certificate.
  init(kubeconfig path: String, namespace: String?) throws(ClusterError) {
    let text: String
    do throws(FileError) {
      text = String(
        decoding: try FileSystem.read(path, maximumBytes: Self.maximumBytes), as: UTF8.self)
    } catch {
      throw .configuration(path: path, reason: error.message)
    }
    guard let value = try? JSONParser.parse(text), value.members != nil else {
      throw .configuration(
        path: path,
        reason: "this is no JSON; kubectl config view --raw --minify --flatten -o json prints it")
    }
    func entry(_ list: String, _ name: String?) -> JSONValue? {
      value[list]?.elements?.first { $0["name"]?.string == name }
    }
    guard let context = entry("contexts", value["current-context"]?.string)?["context"],
      let cluster = entry("clusters", context["cluster"]?.string)?["cluster"],
      let server = cluster["server"]?.string
    else {
      throw .configuration(path: path, reason: "it has no current context with a cluster's server")
    }
    let user = entry("users", context["user"]?.string)?["user"]
    let directory = FilePath.directory(of: path)
    func bytes(_ name: String, in value: JSONValue?) throws(ClusterError) -> [UInt8]? {
      if let text = value?["\(name)-data"]?.string {
        guard let data = Data(base64Encoded: text) else {
          throw .configuration(path: path, reason: "\(name)-data is no Base64")
        }
        return Array(data)
      }
      guard let file = value?[name]?.string else { return nil }
      do throws(FileError) {
        return try FileSystem.read(
          file.hasPrefix("/") ? file : FilePath.joined(directory, file),
          maximumBytes: Self.maximumBytes)
      } catch {
        throw .configuration(path: file, reason: error.message)
      }
    }
    if cluster["insecure-skip-tls-verify"] == .bool(true) {
      throw .configuration(
        path: path, reason: "insecure-skip-tls-verify is not supported: give its authority")
    }
    let certificate = try bytes("client-certificate", in: user)
    trust = OutboundTrust(
      try bytes("certificate-authority", in: cluster).map { .pem($0) } ?? .system,
      clientCertificate: certificate, clientKey: try bytes("client-key", in: user))
    if let token = user?["token"]?.string {
      identity = .token(token)
    } else if let file = user?["tokenFile"]?.string {
      identity = .tokenFile(file)
    } else if certificate != nil {
      identity = .certificate
    } else {
      throw .configuration(
        path: path, reason: "its user has no token, tokenFile or client-certificate")
    }
    self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
    self.namespace = namespace ?? context["namespace"]?.string ?? "default"
  }
}

/// Speaks with the API server of a cluster.
struct ClusterClient: Sendable {
  let access: ClusterAccess
  let outbound: OutboundClient

  /// Sends a request.
  ///
  /// - Parameters:
  ///   - method: The method.
  ///   - path: The path with its query.
  ///   - body: The body, JSON.
  ///   - type: What the body is.
  ///   - maximumBytes: The maximum number of bytes of the answer.
  /// - Returns: The answer; nil for the status 404.
  /// - Throws: ``ClusterError``.
  func send(
    _ method: OutboundRequest.Method, _ path: String, body: JSONValue? = nil,
    type: String = "application/json", maximumBytes: Int = 4 << 20
  ) async throws(ClusterError) -> [UInt8]? {
    var request = OutboundRequest(method, access.server + path, policy: .any)
    request.allowsPlainHTTP = true
    request.trust = access.trust
    request.destination = .memory(maximumBytes: maximumBytes)
    request.timeout = .seconds(15)
    request.headers = [OutboundRequest.Header("Accept", "application/json, text/plain, */*")]
    if let token = try token() {
      request.headers.append(OutboundRequest.Header("Authorization", "Bearer \(token)"))
    }
    if let body {
      request.headers.append(OutboundRequest.Header("Content-Type", type))
      request.body = Array(JSONWriter.text(body).utf8)
    }
    let response: OutboundResponse
    do throws(OutboundError) {
      response = try await outbound.send(request)
    } catch {
      throw .unreachable("\(error)")
    }
    if response.status == 404 { return nil }
    guard response.isSuccess else {
      let text = String(decoding: response.body, as: UTF8.self)
      let message = (try? JSONParser.parse(text))?["message"]?.string ?? text
      throw .refused(status: response.status, message: message.excerpt(limit: 500))
    }
    return response.body
  }

  /// The same where the answer is JSON.
  func json(
    _ method: OutboundRequest.Method, _ path: String, body: JSONValue? = nil,
    type: String = "application/json"
  ) async throws(ClusterError) -> JSONValue? {
    guard let bytes = try await send(method, path, body: body, type: type) else { return nil }
    guard let value = try? JSONParser.parse(String(decoding: bytes, as: UTF8.self)) else {
      throw .unreachable("its answer is no JSON")
    }
    return value
  }

  private func token() throws(ClusterError) -> String? {
    switch access.identity {
    case .certificate: return nil
    case .token(let token): return token
    case .tokenFile(let path):
      do throws(FileError) {
        let bytes = try FileSystem.read(path, maximumBytes: 64 << 10)
        return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
      } catch {
        throw .configuration(path: path, reason: error.message)
      }
    }
  }
}
#endif
