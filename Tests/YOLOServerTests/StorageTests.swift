#if Server
import Foundation
import Glibc
import JSONText
import Logging
import Testing
import YOLOServer
import YOLOServerOptions

/// What the signed addresses of a platform answer.
@Suite struct StorageTests {
  /// A platform whose files and uploads this process knows, too.
  struct Fixture: Sendable {
    let client: PlatformClient
    let key: String
    let accounts: AccountRepository
    let alice: Account
    let store: ObjectStore
    let uploads: UploadRepository
    let signer: AddressSigner

    static func serving(
      plan: Plan = .free, _ change: @escaping @Sendable (inout ServerSettings) -> Void = { _ in },
      _ body: @escaping @Sendable (Fixture) async throws -> Void
    ) async throws {
      try await PlatformClient.serving(plan: plan, change) { client, key, accounts in
        let store = try ObjectStore(
          database: accounts.database,
          logger: Logger(label: "store") { _ in SwiftLogNoOpLogHandler() })
        try await body(
          Fixture(
            client: client, key: key, accounts: accounts,
            alice: try await accounts.account(named: "alice"), store: store,
            uploads: UploadRepository(store: store),
            signer: try await AddressSigner(database: accounts.database)))
      }
    }

    /// Begins an upload; returns it and its address.
    func upload(bytes: Int?, name: String = "best.pt") async throws -> (Upload, address: String) {
      let upload = try await uploads.begin(
        UploadRequest(
          assetType: .models, asset: "model_1", filename: name,
          contentType: "application/octet-stream", bytes: bytes), of: alice)
      return (upload, address(of: try upload.reference, .put, expires: upload.expires))
    }

    func address(
      of reference: ObjectReference, _ use: AddressSigner.Use,
      expires: Int = SystemTime.now() + 60
    ) -> String {
      signer.address(of: reference, for: use, expires: expires, origin: "")
    }

    /// Stores a file and returns its address.
    func file(_ text: String, name: String = "a.pt") async throws -> String {
      let reference = try ObjectReference(.models, owner: "model_1", name: name)
      _ = try await store.put(Array(text.utf8), as: reference, of: alice)
      return address(of: reference, .get)
    }

    /// What is stored for an upload.
    func content(_ upload: Upload) async throws -> String? {
      guard let object = try await store.object(at: upload.reference) else { return nil }
      let data = try Data(contentsOf: URL(filePath: store.path(of: object.digest)))
      return String(decoding: data, as: UTF8.self)
    }

    func unfinished() throws -> [String] {
      try FileManager.default.contentsOfDirectory(
        atPath: accounts.database.directory + "/objects/tmp")
    }
  }

  private static let template = "/storage/{kind}/{id}/{file}"

  @Test func aFileIsReadWholeInPartsAndOnlyIfItChanged() async throws {
    let text = String((0..<10_000).map { Character(Unicode.Scalar(UInt8(33 + $0 % 90))) })
    try await Fixture.serving { fixture in
      let path = try await fixture.file(text)
      let whole = await fixture.client.call("GET", path)
      #expect(whole.status == 200 && whole.text == text)
      for (name, value) in [
        ("Content-Length", "10000"), ("Accept-Ranges", "bytes"),
        ("Content-Type", "application/octet-stream"),
        ("Content-Disposition", "attachment; filename=\"a.pt\""),
        ("X-Content-Type-Options", "nosniff"),
      ] {
        #expect(whole.header(name) == value)
      }
      #expect(whole.header("X-RateLimit-Limit") == nil)
      let tag = try #require(whole.header("ETag"))
      let head = await fixture.client.call("HEAD", path)
      #expect(head.status == 200 && head.text.isEmpty && head.header("Content-Length") == "10000")
      #expect(head.header("ETag") == tag)
      let headOfPart = await fixture.client.call("HEAD", path, headers: ["Range: bytes=0-0"])
      #expect(headOfPart.status == 200 && headOfPart.header("Content-Length") == "10000")

      for (range, first, last) in [
        ("bytes=0-0", 0, 0), ("bytes=9990-", 9990, 9999), ("bytes=-1", 9999, 9999),
        ("bytes=5000-99999", 5000, 9999), ("Bytes = 1-2", 1, 2), ("bytes=-99999", 0, 9999),
        ("bytes=9999-99999999999999999999", 9999, 9999),
      ] {
        let part = await fixture.client.call("GET", path, headers: ["Range: \(range)"])
        let expected = String(Array(text)[first...last])
        #expect(part.status == 206 && part.text == expected, "\(range)")
        #expect(part.header("Content-Range") == "bytes \(first)-\(last)/10000")
        #expect(part.header("Content-Length") == "\(last - first + 1)")
      }
      for range in ["bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=99999999999999999999-"]
      {
        let none = await fixture.client.call("GET", path, headers: ["Range: \(range)"])
        #expect(none.status == 416 && none.header("Content-Range") == "bytes */10000", "\(range)")
        #expect(fixture.client.problems(none, "GET", Self.template) == [])
      }
      for range in [
        "bytes=2-1", "bytes=a-b", "bytes", "items=0-1", "bytes=0-1,3-4", "bytes=--1", "bytes=-",
        "bytes=0x1-2", "bytes=1-2-3", "",
      ] {
        let all = await fixture.client.call("GET", path, headers: ["Range: \(range)"])
        #expect(all.status == 200 && all.text == text, "\(range)")
      }
      for condition in [tag, "\"other\", \(tag)", "W/\(tag)", "*"] {
        let same = await fixture.client.call("GET", path, headers: ["If-None-Match: \(condition)"])
        #expect(same.status == 304 && same.text.isEmpty && same.header("ETag") == tag)
      }
      let other = await fixture.client.call("GET", path, headers: ["If-None-Match: \"other\""])
      #expect(other.status == 200 && other.text == text)
      for (condition, status) in [(tag, 206), ("\"other\"", 200), ("Mon, 01 Jan 2024", 200)] {
        let answer = await fixture.client.call(
          "GET", path, headers: ["Range: bytes=0-1", "If-Range: \(condition)"])
        #expect(answer.status == status)
      }
    }
  }

  @Test func anEmptyFileIsOne() async throws {
    try await Fixture.serving { fixture in
      let path = try await fixture.file("")
      let answer = await fixture.client.call("GET", path)
      #expect(answer.status == 200 && answer.text.isEmpty)
      let none = await fixture.client.call("GET", path, headers: ["Range: bytes=0-"])
      #expect(none.status == 416)
      let (upload, address) = try await fixture.upload(bytes: 1)
      #expect(await fixture.client.call("PUT", address, body: "").status == 200)
      #expect(try await fixture.content(upload) == "")
    }
  }

  @Test func forgedAndLateAddressesAreRefused() async throws {
    try await Fixture.serving { fixture in
      let path = try await fixture.file("secret")
      _ = try await fixture.file("other", name: "b.pt")
      let reference = try ObjectReference(.models, owner: "model_1", name: "a.pt")
      let now = SystemTime.now()
      let late = fixture.address(of: reference, .get, expires: now - 1)
      let put = fixture.address(of: reference, .put, expires: now + 60)
      let bare = String(path.prefix { $0 != "?" })
      let signature = try #require(path.split(separator: "signature=").last.map(String.init))
      var flipped = signature
      flipped.replaceSubrange(
        ..<flipped.index(after: flipped.startIndex), with: flipped.hasPrefix("0") ? "1" : "0")
      let expires = try #require(path.split(separator: "expires=").last?.prefix { $0 != "&" })
      for forged in [
        late, put, bare, "\(bare)?expires=\(expires)", "\(bare)?signature=\(signature)",
        "\(bare)?expires=\(expires)&signature=", "\(bare)?expires=\(expires)&signature=\(flipped)",
        "\(bare)?expires=\(expires)&signature=\(signature.dropLast(2))",
        "\(bare)?expires=\(expires)&signature=\(signature)00",
        "\(bare)?expires=99999999999&signature=\(signature)",
        "\(bare)?expires=+\(expires)&signature=\(signature)",
        "\(bare)?expires=0\(expires)&signature=\(signature)",
        path.replacing("a.pt", with: "b.pt"), path.replacing("model_1", with: "model_2"),
        path.replacing("/models/", with: "/images/"), path.replacing("/models/", with: "/other/"),
        path.replacing("a.pt", with: "..%2F..%2Fplatform.sqlite"),
        path.replacing("a.pt", with: "%ff"), path.replacing("a.pt", with: "a.pt%0A"),
      ] {
        for key in [nil, fixture.key] {
          let answer = await fixture.client.call("GET", forged, key: key)
          #expect(answer.status == 403, "\(forged)")
          #expect(fixture.client.problems(answer, "GET", Self.template) == [])
        }
      }
      // What is signed may be written in another way.
      let encoded = await fixture.client.call("GET", path.replacing("a.pt", with: "%61.pt"))
      #expect(encoded.status == 200 && encoded.text == "secret")
      #expect(await fixture.client.call("PUT", path, body: "x").status == 403)
      // Signed, but nothing is there.
      let gone = fixture.address(
        of: try ObjectReference(.models, owner: "model_9", name: "a.pt"), .get)
      let answer = await fixture.client.call("GET", gone)
      #expect(answer.status == 404 && fixture.client.problems(answer, "GET", Self.template) == [])
      #expect(await fixture.client.call("PUT", put, body: "x").status == 404)
      #expect(await fixture.client.call("POST", path, body: "x").header("Allow") == "GET, PUT")
      for _ in 0..<70 { #expect(await fixture.client.call("GET", path).status == 200) }
      let summary = await fixture.client.call("GET", "/api/account/summary", key: fixture.key)
      #expect(summary.header("X-RateLimit-Remaining") == "59")
    }
  }

  @Test func anUploadMayBeSentAgainUntilItIsRedeemed() async throws {
    try await Fixture.serving { fixture in
      let (upload, address) = try await fixture.upload(bytes: 10)
      let first = await fixture.client.call("PUT", address, body: "first")
      #expect(first.status == 200 && first.body["size"] == .int(5))
      #expect(fixture.client.problems(first, "PUT", Self.template) == [])
      let second = await fixture.client.call("PUT", address, body: "secondsend")
      #expect(second.status == 200 && second.header("ETag") != first.header("ETag"))
      #expect(try await fixture.content(upload) == "secondsend")
      let used = try await fixture.store.use(of: fixture.alice)
      #expect(used == 10)
      for _ in 0..<2 {
        #expect(await fixture.client.call("PUT", address, body: "0123456789a").status == 413)
      }
      let chunked = await LiveServer.exchange(
        Array(
          ("PUT \(address) HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n"
            + "Connection: close\r\n\r\nb\r\n0123456789a\r\n0\r\n\r\n").utf8),
        port: fixture.client.port)
      #expect(chunked.contains("HTTP/1.1 413"), "\(chunked)")
      let encoded = await fixture.client.call(
        "PUT", address, body: "x", headers: ["Content-Encoding: gzip"])
      #expect(encoded.status == 415)
      #expect(try await fixture.content(upload) == "secondsend")

      let object = try #require(try await fixture.store.object(at: upload.reference))
      let target = try ObjectReference(.models, owner: "model_1", name: "best.pt")
      let alice = fixture.alice
      let redeemed = try await fixture.uploads.redeem(upload, object, as: target, of: alice)
      #expect(redeemed == object)
      let refused = await fixture.client.call("PUT", address, body: "third")
      #expect(refused.status == 409)
      #expect(fixture.client.problems(refused, "PUT", Self.template) == [])
      #expect(try await fixture.store.object(at: target) == object)
      #expect(try await fixture.store.use(of: alice) == 10)
      #expect(try fixture.unfinished() == [])
      // Once more changes nothing.
      #expect(try await fixture.uploads.redeem(upload, object, as: target, of: alice) == object)
    }
  }

  @Test func aSendingThatBreaksOffLeavesNothing() async throws {
    try await Fixture.serving({ $0.limits.idleTimeout = 30 }) { fixture in
      let (upload, address) = try await fixture.upload(bytes: 10 << 30)
      let head =
        "PUT \(address) HTTP/1.1\r\nHost: test\r\nContent-Length: \(10 << 30)\r\n"
        + "Connection: close\r\n\r\n"
      // Ten gigabytes announced, one byte sent; then the client goes, or waits for too long.
      let broken = await LiveServer.exchange(
        Array((head + "x").utf8), port: fixture.client.port, isLast: true)
      #expect(broken.contains("HTTP/1.1 400"), "\(broken)")
      let stalled = await LiveServer.conversation(head + "x", port: fixture.client.port)
      #expect(stalled.contains("HTTP/1.1 408"), "\(stalled)")
      #expect(try await fixture.content(upload) == nil)
      #expect(try fixture.unfinished() == [])
      #expect(try await fixture.store.use(of: fixture.alice) == 0)
      #expect(await fixture.client.call("PUT", address, body: "whole").status == 200)
      #expect(try await fixture.content(upload) == "whole")
      // A client that asks first waits for the answer.
      let descriptor = LiveServer.connect(port: fixture.client.port)
      defer { close(descriptor) }
      let invitation = await LiveServer.exchange(
        Array(
          ("PUT \(address) HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n"
            + "Connection: close\r\n\r\n").utf8), until: "\r\n\r\n", on: descriptor)
      #expect(invitation.hasPrefix("HTTP/1.1 100"), "\(invitation)")
      let answer = await LiveServer.exchange(Array("again".utf8), on: descriptor)
      #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
    }
  }

  @Test func aTransferMayTakeLong() async throws {
    let change: @Sendable (inout ServerSettings) -> Void = {
      // Less than all pauses, and far more than it takes until the request is looked at.
      $0.limits.bodyTimeout = 8
      // Far above the pauses, as other tests keep the machine busy.
      $0.limits.idleTimeout = 600
      $0.limits.bodyBytes = 1 << 20
    }
    try await Fixture.serving(change) { fixture in
      let (upload, address) = try await fixture.upload(bytes: 3 << 20)
      let size = 3 << 20
      let head =
        "PUT \(address) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
        + "Content-Length: \(size)\r\n\r\n"
      let pieces =
        [Array(head.utf8)]
        + (0..<6).map { _ in [UInt8](repeating: UInt8(ascii: "a"), count: size / 6) }
      let answer = await LiveServer.conversation(pieces, pause: 1.5, port: fixture.client.port)
      #expect(answer.contains("HTTP/1.1 200"), "\(answer)")
      #expect(try await fixture.content(upload)?.utf8.count == size)
      // Reading is slow, too: 64 MiB by a client that pauses.
      let path = try await fixture.file(String(repeating: "b", count: 64 << 20))
      let request = Array("GET \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".utf8)
      #expect(
        await Self.slowly(request, pause: 1.5, count: 6, port: fixture.client.port) > 64 << 20)
    }
  }

  @Test func whoDoesNotReadAtAllIsLeftAlone() async throws {
    try await Fixture.serving({ $0.limits.idleTimeout = 2 }) { fixture in
      let path = try await fixture.file(String(repeating: "b", count: 64 << 20))
      let request = Array("GET \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".utf8)
      let stopped = await Self.slowly(request, pause: 20, count: 1, port: fixture.client.port)
      #expect(stopped < 64 << 20, "\(stopped)")
    }
  }

  /// Sends a request, pauses `count` times before 1 MiB each is read, then reads the rest; returns
  /// how many bytes came.
  private static func slowly(_ request: [UInt8], pause: Double, count: Int, port: Int) async -> Int
  {
    await withCheckedContinuation { continuation in
      Thread {
        let descriptor = LiveServer.connect(port: port)
        defer { close(descriptor) }
        _ = request.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var total = 0
        for _ in 0..<count {
          usleep(UInt32(pause * 1e6))
          var piece = 0
          while piece < 1 << 20 {
            let got = recv(descriptor, &buffer, buffer.count - piece, 0)
            if got <= 0 { break }
            piece += got
          }
          total += piece
        }
        while true {
          let got = recv(descriptor, &buffer, buffer.count, 0)
          if got <= 0 { break }
          total += got
        }
        continuation.resume(returning: total)
      }.start()
    }
  }

  @Test func noUploadExceedsThePlan() async throws {
    try await Fixture.serving { fixture in
      await #expect(throws: PlatformError.self) {
        _ = try await fixture.upload(bytes: (100 << 30) + 1)
      }
      await #expect(throws: PlatformError.self) { _ = try await fixture.upload(bytes: .max) }
      let (_, address) = try await fixture.upload(bytes: nil)
      #expect(await fixture.client.call("PUT", address, body: "fits").status == 200)
    }
  }

  @Test func uploadsEndWithTheirTime() async throws {
    try await StoreFixture.run { fixture in
      let start = 1_800_000_000
      func repository(_ hours: Int) -> UploadRepository {
        UploadRepository(store: fixture.store) { start + hours * 3600 }
      }
      let request = UploadRequest(
        assetType: .datasets, asset: "d", filename: "a.zip", contentType: "application/zip",
        bytes: 3)
      let upload = try await repository(0).begin(request, of: fixture.alice)
      #expect(upload.expires == start + 12 * 3600)
      let writer = try await fixture.store.begin(for: fixture.alice)
      try await writer.append(Array("zip".utf8))
      try await repository(0).receive(writer.finish(), for: upload, of: fixture.alice)
      await #expect(throws: PlatformError.self) {
        try await repository(0).upload(upload.id, of: fixture.bobby)
      }
      try await repository(13).sweep()
      #expect(try await fixture.store.use(of: fixture.alice) == 3)
      try await repository(14).sweep()
      #expect(try await fixture.store.use(of: fixture.alice) == 0)
      await #expect(throws: PlatformError.unknownUpload(upload.id)) {
        try await repository(14).upload(upload.id, of: fixture.alice)
      }
      #expect(try await fixture.problems() == [])
    }
  }
}

/// The parts of what the addresses of a platform depend on.
@Suite struct AddressTests {
  @Test func networksAreReadExactly() throws {
    let list = try #require(NetworkList("127.0.0.1, 10.0.0.0/8,::1,2001:db8::/33"))
    for (address, isIn) in [
      ("127.0.0.1", true), ("127.0.0.2", false), ("10.255.0.1", true), ("11.0.0.1", false),
      ("::1", true), ("::ffff:127.0.0.1", true), ("2001:db8:7fff::1", true),
      ("2001:db8:8000::1", false), ("", false), ("localhost", false), ("::ffff:10.1.1.1", true),
    ] {
      #expect(list.contains(address) == isIn, "\(address)")
    }
    #expect(NetworkList("0.0.0.0/0")?.contains("8.8.8.8") == true)
    #expect(NetworkList("0.0.0.0/0")?.contains("::1") == false)
    for text in [
      "", ",", "1.2.3.4,", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "::/129", "a", "1.2.3.4/",
    ] {
      #expect(NetworkList(text) == nil, "\(text)")
    }
  }

  @Test func rangesBeyondAllBoundsAreRead() {
    #expect(ByteRange.selection("bytes=0-", of: 0) == .nothing)
    #expect(ByteRange.selection(nil, of: 0) == .all)
    #expect(ByteRange.selection("bytes=\(Int.max)-\(Int.max)", of: 5) == .nothing)
    #expect(ByteRange.selection("bytes=0-\(Int.max)", of: .max) == .part(0..<(.max)))
    #expect(ByteRange.selection("bytes=-\(Int.max)", of: 5) == .part(0..<5))
  }
}
#endif
