#if Server
import Foundation
import Glibc
import JSONText
import Synchronization
import Testing
import YOLOCryptography
import YOLOServer
import YOLOServerOptions

/// The built program as a server in a process of its own, which can be killed.
final class ServerProcess: Sendable {
  let port: Int
  private let identifier: Int32
  private let log: String
  /// Whether the process was killed: from then on its identifier may be that of another.
  private let isKilled = Mutex(false)

  /// The program `yolo` of this build.
  static var program: String {
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "yolo").path
  }

  /// Starts a server and waits until it listens.
  ///
  /// `limits` are commands of the shell before it, such as `ulimit -f 100`; `options` are those of
  /// the server.
  init(
    data: String, log: String, limits: String = "true", options: [String] = []
  ) async throws {
    let yolo = Self.program
    let words = options.map { "'\($0.replacing("'", with: "'\\''"))'" }.joined(separator: " ")
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = [
      "-c",
      "\(limits); exec '\(yolo)' serve --data '\(data)' --host 127.0.0.1 --port 0 "
        + "\(words) 2>'\(log)' >&2",
    ]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    identifier = process.processIdentifier
    self.log = log
    for _ in 0..<600 {
      let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      if let match = text.firstMatch(of: /address=http:\/\/127\.0\.0\.1:([0-9]+)/),
        let port = Int(match.1)
      {
        self.port = port
        return
      }
      guard process.isRunning else { break }
      try await Task.sleep(for: .milliseconds(100))
    }
    Glibc.kill(identifier, SIGKILL)
    throw PageFailure("the server did not start: \((try? Self.text(log)) ?? "")")
  }

  deinit { if !isKilled.withLock({ $0 }) { Glibc.kill(identifier, SIGKILL) } }

  /// Ends the process at once, whatever it does.
  func kill() async throws {
    isKilled.withLock { $0 = true }
    Glibc.kill(identifier, SIGKILL)
    // Until the port is closed the process may still live.
    for _ in 0..<200 {
      let descriptor = LiveServer.connect(port: port)
      guard descriptor >= 0 else { return }
      close(descriptor)
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Returns a client that holds its answers against the document of a platform.
  func client() throws -> PlatformClient {
    var settings = ServerSettings(models: "m", database: "d")
    settings.data = "data"
    let document = OpenAPIDocument.bytes(settings: settings, version: "1")
    return PlatformClient(
      port: port,
      checker: OpenAPISchemaChecker(
        document: try JSONParser.parse(String(decoding: document, as: UTF8.self))))
  }

  /// Creates the project `shapes` and uploads a model into it; returns the model's identifier.
  func createModel(key: String) async throws -> String {
    let project = try await client().check(
      201, "POST", "/api/projects", key: key, body: #"{"name":"Shapes"}"#)
    let form = LiveServer.form(
      [("projectId", project["id"]?.string ?? "")],
      file: try ModelWeightsTests.weights("detect"), path: "/api/models",
      headers: ["Connection: close", "Authorization: Bearer \(key)"])
    let answer = await LiveServer.exchange(form, port: port)
    return String(try #require(answer.firstMatch(of: /model_[0-9a-f]{24}/)?.output, "\(answer)"))
  }

  var messages: String { get throws { try Self.text(log) } }

  private static func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }
}

/// What a server has acknowledged: the digests of files, by their uploads.
private final class Acknowledged: Sendable {
  private let values = Mutex<[Upload.ID: String]>([:])

  var digests: [Upload.ID: String] { values.withLock { $0 } }

  func add(_ upload: Upload.ID, _ digest: String) { values.withLock { $0[upload] = digest } }
}

/// Servers that are killed, or have no room on their disk.
@Suite(.serialized) struct ServerProcessTests {
  /// Provides a directory of data with an account, and what begins uploads in it.
  private func withPlatform(
    _ body: (_ data: String, _ uploads: UploadRepository, _ alice: Account) async throws -> Void
  ) async throws {
    try await StoreFixture.run(plan: .enterprise) { fixture in
      try await body(
        fixture.directory, UploadRepository(store: fixture.store), fixture.alice)
    }
  }

  private func begin(
    _ uploads: UploadRepository, _ alice: Account
  ) async throws -> (upload: Upload, path: String) {
    let upload = try await uploads.begin(
      UploadRequest(
        assetType: .models, asset: "m", filename: "a.pt", contentType: "a", bytes: nil),
      of: alice)
    let signer = try await AddressSigner(database: uploads.store.database)
    return (
      upload,
      signer.address(
        of: try upload.reference, for: .put, expires: upload.expires, origin: "")
    )
  }

  private static func put(_ path: String, _ content: [UInt8], port: Int) async -> String {
    let head =
      "PUT \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
      + "Content-Length: \(content.count)\r\n\r\n"
    return await LiveServer.exchange(Array(head.utf8) + content, port: port)
  }

  @Test func nothingAcknowledgedIsLostByAKill() async throws {
    try await withPlatform { data, uploads, alice in
      let acknowledged = Acknowledged()
      var found: [String] = []
      for round in 0..<6 {
        let server = try await ServerProcess(data: data, log: "\(data)-log\(round)")
        let sent = try await withThrowingTaskGroup { group in
          for worker in 0..<3 {
            let (upload, path) = try await begin(uploads, alice)
            group.addTask {
              // Each replaces the one before, which is removed then.
              for attempt in 0..<1000 {
                let content = [UInt8](
                  repeating: UInt8(truncatingIfNeeded: attempt % 7 + worker), count: 300_000)
                let answer = await Self.put(path, content, port: server.port)
                guard answer.contains("HTTP/1.1 200") else { return }
                let digest = SHA256.digest(of: content.span.bytes)
                acknowledged.add(upload.id, digest.map { String(format: "%02x", $0) }.joined())
              }
            }
          }
          try await Task.sleep(for: .milliseconds(150 + 97 * round))
          try await server.kill()
          try await group.waitForAll()
          return acknowledged.digests
        }
        let next = try await ServerProcess(data: data, log: "\(data)-next\(round)")
        if try next.messages.contains("brought in order") { found.append("\(round)") }
        #expect(!(try next.messages.contains("critical")))
        try await next.kill()
        #expect(try await StoreFixture.problems(data) == [])
        for (id, digest) in sent {
          let upload = try await uploads.upload(id)
          // The next one may have been stored, but not acknowledged; it is one of those seven.
          let object = try await uploads.store.object(at: upload.reference)
          #expect(object?.bytes == 300_000, "\(digest)")
        }
        #expect(sent.count > round)
      }
      #expect(!found.isEmpty)
    }
  }

  @Test func aFullDiskIsToldAndLeavesNothing() async throws {
    try await withPlatform { data, uploads, alice in
      // Files of at most 4 MiB: sh counts blocks of 512 bytes.
      let server = try await ServerProcess(
        data: data, log: "\(data)-log", limits: "ulimit -f 8192")
      let (upload, path) = try await begin(uploads, alice)
      let large = [UInt8](repeating: 1, count: 6 << 20)
      let answer = await Self.put(path, large, port: server.port)
      #expect(answer.contains("HTTP/1.1 503") && answer.contains("no room"), "\(answer)")
      #expect(answer.contains("Retry-After") && !answer.contains(data))
      #expect(try await uploads.store.object(at: upload.reference) == nil)
      #expect(try await StoreFixture.problems(data) == [])
      let small = await Self.put(path, [1, 2, 3], port: server.port)
      #expect(small.contains("HTTP/1.1 200"), "\(small)")
      #expect(try await uploads.store.object(at: upload.reference)?.bytes == 3)
      try await server.kill()
    }
  }
}
#endif
