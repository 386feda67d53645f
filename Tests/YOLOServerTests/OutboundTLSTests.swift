#if Server
import Foundation
import Testing
import YOLOOutbound
import YOLOServer
import YOLOServerOptions

/// TLS to other servers: by the program openssl, which the tests need for this alone.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
struct OutboundTLSTests {
  private static func openssl(_ arguments: [String], in directory: URL) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/openssl")
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.standardInput = Pipe()
    process.standardError = FileHandle.nullDevice
    return process
  }

  private static func run(_ arguments: [String], in directory: URL) throws {
    let process = try openssl(arguments, in: directory)
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw PageFailure("openssl \(arguments)") }
  }

  /// Creates an authority, and a key and a certificate of it for loopback and for a client.
  private static func certificates(in directory: URL) throws {
    let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-sha256"]
    for (name, subject) in [("ca", "/CN=authority"), ("other", "/CN=another")] {
      try run(
        request + ["-keyout", "\(name).key", "-out", "\(name).pem", "-subj", subject],
        in: directory)
    }
    for name in ["server", "client"] {
      try run(
        [
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-CA", "ca.pem", "-CAkey",
          "ca.key", "-keyout", "\(name).key", "-out", "\(name).pem", "-subj", "/CN=\(name)",
          "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE",
        ], in: directory)
    }
  }

  /// Runs a server of TLS that answers with a page of its own state.
  private static func serving<Value>(
    _ arguments: [String], in directory: URL, _ body: (Int) async throws -> Value
  ) async throws -> Value {
    let process = try openssl(
      [
        "s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.key", "-www",
      ] + arguments, in: directory)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    defer {
      // A child inherits the signals that this thread blocks, SIGTERM among them.
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    var text = ""
    var port: Int?
    while port == nil {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else { throw PageFailure("openssl s_server: \(text)") }
      text += String(decoding: data, as: UTF8.self)
      let line = text.split(separator: "\n").first {
        $0.hasPrefix("ACCEPT ") && text.contains("\n")
      }
      port = line?.split(separator: ":").last.flatMap { Int($0) }
    }
    return try await body(port ?? 0)
  }

  @Test func certificatesAreChecked() async throws {
    let client = OutboundClient()
    try await withKeyDirectory { directory in
      try Self.certificates(in: directory)
      func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: directory.appending(path: name)))
      }
      func status(_ port: Int, _ trust: OutboundTrust) async throws -> Int {
        var request = OutboundRequest(.get, "https://127.0.0.1:\(port)/", policy: .any)
        request.trust = trust
        return try await client.send(request).status
      }
      func isUntrusted(_ port: Int, _ trust: OutboundTrust) async throws -> Bool {
        do {
          _ = try await status(port, trust)
          return false
        } catch OutboundError.untrusted {
          return true
        }
      }
      try await Self.serving([], in: directory) { port in
        #expect(try await isUntrusted(port, OutboundTrust()))
        #expect(try await isUntrusted(port, OutboundTrust(.pem(try bytes("other.pem")))))
        #expect(try await isUntrusted(port, OutboundTrust(.file("/nonexistent"))))
        #expect(try await status(port, OutboundTrust(.pem(try bytes("ca.pem")))) == 200)
        #expect(
          try await status(port, OutboundTrust(.file(directory.appending(path: "ca.pem").path)))
            == 200)
        // What was trusted once is not trusted by others.
        #expect(try await isUntrusted(port, OutboundTrust()))
        var plain = OutboundRequest(.get, "https://127.0.0.1:\(port)/", policy: .publicOnly)
        plain.trust = OutboundTrust(.pem(try bytes("ca.pem")))
        await #expect(throws: OutboundError.refusedAddress(host: "127.0.0.1")) {
          try await client.send(plain)
        }
      }
      try await Self.serving(
        ["-Verify", "1", "-CAfile", "ca.pem", "-verify_return_error"], in: directory
      ) { port in
        let authorities = OutboundTrust.Authorities.pem(try bytes("ca.pem"))
        await #expect(throws: OutboundError.self) {
          try await status(port, OutboundTrust(authorities))
        }
        let trust = OutboundTrust(
          authorities, clientCertificate: try bytes("client.pem"),
          clientKey: try bytes("client.key"))
        #expect(try await status(port, trust) == 200)
      }
    }
  }
}
#endif
