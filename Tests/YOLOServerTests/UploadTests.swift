#if Server
import Foundation
import GRDB
import JSONText
import Synchronization
import Testing
import YOLOCryptography
import YOLOServer
import YOLOServerOptions

/// Models of one identifier, whose files are text.
private final class TextModels: UploadTarget {
  let assetType = UploadAssetType.models
  let scope = Scope.models
  /// How often a file was looked at.
  let calls = Mutex(0)

  static func reference() throws -> ObjectReference {
    try ObjectReference(.models, owner: "model_1", name: "weights.pt")
  }

  func check(_ request: UploadRequest, of account: Account) async throws {
    guard request.asset == "model_1" else { throw APIError.notFound("There is no such model.") }
  }

  func receive(
    _ upload: ReceivedUpload
  ) async throws -> @Sendable (Database) throws -> Void {
    calls.withLock { $0 += 1 }
    let text = try String(contentsOfFile: upload.path, encoding: .utf8)
    guard !text.hasPrefix("bad") else {
      throw APIError.invalidField("file", "The file is no model.")
    }
    let reference = try Self.reference()
    return { database in
      try upload.adopt(database, as: reference)
      if text.hasPrefix("fault") { throw PlatformError.takenName("model") }
    }
  }
}

/// Uploads as their clients see them.
@Suite struct UploadTests {
  private static func creation(_ members: [String: Any] = [:]) throws -> String {
    let body: [String: Any] = [
      "assetType": "models", "assetId": "model_1", "filename": "best.pt",
      "contentType": "application/octet-stream", "totalBytes": 5,
    ].merging(members) { $1 }
    return String(decoding: try JSONSerialization.data(withJSONObject: body), as: UTF8.self)
  }

  /// A client of a platform with models, and of its store.
  private struct Fixture: Sendable {
    let client: PlatformClient
    let key: String
    let accounts: AccountRepository
    let store: ObjectStore
    let models: TextModels

    func call(_ path: String, _ body: String, key: String? = nil) async -> PlatformClient.Answer {
      let answer = await client.call(
        "POST", "/api/upload/\(path)", key: key ?? self.key, body: body)
      #expect(client.problems(answer, "POST", "/api/upload/\(path)") == [], "\(answer)")
      return answer
    }

    /// Begins an upload and sends its file; returns its identifier and its address.
    func send(_ text: String) async throws -> (id: String, path: String) {
      let begun = await call(
        "signed-url", try UploadTests.creation(["totalBytes": text.utf8.count]))
      let id = try #require(begun.body["sessionId"]?.string)
      let address = try #require(begun.body["uploadUrl"]?.string)
      #expect(address.hasPrefix("http://test/storage/uploads/\(id)/best.pt?expires="))
      let path = String(address.dropFirst("http://test".count))
      #expect(await client.call("PUT", path, body: text).status == 200)
      return (id, path)
    }

    func complete(_ id: String, _ more: String = "") async -> PlatformClient.Answer {
      await call("complete", "{\"sessionId\":\"\(id)\"\(more)}")
    }
  }

  private static func serving(_ body: @escaping @Sendable (Fixture) async throws -> Void)
    async throws
  {
    let models = TextModels()
    try await PlatformClient.serving(plan: .enterprise, uploadTargets: [models]) {
      client, key, accounts in
      try await body(
        Fixture(
          client: client, key: key, accounts: accounts,
          store: try StoreFixture.open(accounts.database.directory), models: models))
    }
  }

  @Test func aFileIsSentAndBelongsToItsModel() async throws {
    try await Self.serving { fixture in
      let begun = await fixture.call("signed-url", try Self.creation())
      #expect(begun.status == 200 && begun.body["expiresAt"]?.string?.hasSuffix("Z") == true)
      #expect(begun.body["sessionId"]?.string?.wholeMatch(of: /[0-9a-f]{24}/) != nil)
      let early = try #require(begun.body["sessionId"]?.string)
      #expect(await fixture.complete(early).status == 404)

      let (id, path) = try await fixture.send("model")
      let done = await fixture.complete(id)
      #expect(done.status == 200 && done.body["file"]?["size"] == .int(5))
      #expect(done.body["file"]?["contentType"] == .string("application/octet-stream"))
      let object = try #require(try await fixture.store.object(at: TextModels.reference()))
      #expect(object.bytes == 5)
      // The client did not get the answer, and asks again.
      for _ in 0..<2 { #expect(await fixture.complete(id).status == 200) }
      #expect(fixture.models.calls.withLock { $0 } == 1)
      #expect(await fixture.client.call("PUT", path, body: "other").status == 409)
      let storage = await fixture.client.call("GET", "/api/storage", key: fixture.key).body
      #expect(storage["data"]?["used"] == .int(5))
      #expect(storage["breakdown"]?["byCategory"]?["models"]?["bytes"] == .int(5))
      // A duplicate takes no room.
      let (again, _) = try await fixture.send("model")
      #expect(await fixture.complete(again).status == 200)
      #expect(try await StoreFixture.problems(fixture.accounts.database.directory) == [])
      let use = try await fixture.store.use(of: try await fixture.accounts.account(named: "alice"))
      #expect(use == 5)
    }
  }

  @Test func whatIsWrongWithARequestIsNamed() async throws {
    try await Self.serving { fixture in
      for (members, argument) in [
        (["assetType": "weights"], "assetType"), (["assetId": ""], "assetId"),
        (["assetId": String(repeating: "a", count: 129)], "assetId"),
        (["filename": ""], "filename"),
        (["filename": "a\nb.pt"], "filename"), (["contentType": ""], "contentType"),
        (["totalBytes": 0], "totalBytes"), (["totalBytes": -1], "totalBytes"),
        (["totalBytes": 1.5], "totalBytes"), (["totalBytes": "5"], "totalBytes"),
        (["totalBytes": 1e18], "totalBytes"), (["totalBytes": 1e30], "totalBytes"),
        (["filename": NSNull()], "filename"),
        (["assetType": "datasets", "filename": "a.png"], "filename"),
      ] as [([String: Any], String)] {
        let answer = await fixture.call("signed-url", try Self.creation(members))
        #expect(answer.status == 400, "\(members) \(answer)")
        #expect(answer.body["details"]?["argument"] == .string(argument), "\(members) \(answer)")
      }
      for (members, status) in [
        (["assetId": "model_2"], 404), (["assetType": "datasets", "filename": "A.TAR.GZ"], 404),
        (["assetType": "images"], 404), (["totalBytes": (10 << 40) + 1], 403),
        (["totalBytes": 9e15], 403), (["filename": "../../x"], 200), (["totalBytes": 5.0], 200),
      ] as [([String: Any], Int)] {
        let answer = await fixture.call("signed-url", try Self.creation(members))
        #expect(answer.status == status, "\(members) \(answer)")
        #expect(status == 200 || answer.body["error"]?.string?.first?.isUppercase == true)
      }
      let alice = try await fixture.accounts.account(named: "alice")
      let datasets = try await fixture.accounts.createKey(
        name: "d", of: alice, scopes: [.datasets]
      ).key
      let models = try await fixture.accounts.createKey(
        name: "m", of: alice, scopes: [.models]
      ).key
      #expect(await fixture.call("signed-url", try Self.creation(), key: datasets).status == 403)
      #expect(await fixture.call("signed-url", try Self.creation(), key: models).status == 200)
    }
  }

  @Test func nobodyRedeemsTheUploadOfAnother() async throws {
    try await Self.serving { fixture in
      let (id, _) = try await fixture.send("model")
      let other = try await fixture.accounts.create(username: "bobby", plan: .free).key
      let foreign = await fixture.call("complete", "{\"sessionId\":\"\(id)\"}", key: other)
      #expect(foreign.status == 404)
      #expect(await fixture.complete("000000000000000000000000").status == 404)
      #expect(await fixture.complete(id).status == 200)
    }
  }

  @Test func checksumsAreHeldAgainstTheFile() async throws {
    try await Self.serving { fixture in
      // "model" by sha256sum and md5sum.
      let sha = SHA256.digest(of: Array("model".utf8).span.bytes)
      let md5 = "20f35e630daf44dbfa4c3f68f5399d8c"
      let (id, path) = try await fixture.send("model")
      for (more, status) in [
        (#","checksum":"\#(String(repeating: "0", count: 64))""#, 400),
        (#","checksum":"crc32c:AAAAAA==""#, 400), (#","checksum":"""#, 400),
        (#","md5":"\#(String(repeating: "0", count: 32))""#, 400), (#","md5":7"#, 400),
      ] {
        #expect(await fixture.complete(id, more).status == status, "\(more)")
      }
      #expect(try await fixture.store.object(at: TextModels.reference()) == nil)
      // A file that is cut off is named, and may be sent again.
      #expect(await fixture.client.call("PUT", path, body: "mode").status == 200)
      let short = await fixture.complete(id)
      #expect(short.status == 400 && short.body["error"]?.string?.contains("5 bytes") == true)
      #expect(await fixture.client.call("PUT", path, body: "model").status == 200)
      let good = #","checksum":"\#(Data(sha).base64EncodedString())","md5":"\#(md5.uppercased())""#
      #expect(await fixture.complete(id, good).status == 200)
    }
  }

  @Test func aFileThatIsRefusedChangesNothing() async throws {
    try await Self.serving { fixture in
      for (text, status) in [("bad", 400), ("fault", 409)] {
        let (id, path) = try await fixture.send(text)
        for _ in 0..<2 { #expect(await fixture.complete(id).status == status) }
        #expect(try await fixture.store.object(at: TextModels.reference()) == nil)
        // The same upload takes a better file.
        let better = String(text.reversed())
        #expect(await fixture.client.call("PUT", path, body: better).status == 200)
        #expect(await fixture.complete(id).status == 200)
        #expect(
          try await fixture.store.object(at: TextModels.reference())?.bytes == text.utf8.count)
        try await fixture.store.release([TextModels.reference()])
      }
      #expect(try await StoreFixture.problems(fixture.accounts.database.directory) == [])
    }
  }

  @Test func sendingAndRedeemingAtOnceIsOneOrTheOther() async throws {
    try await Self.serving { fixture in
      for _ in 0..<5 {
        let (id, path) = try await fixture.send("first")
        let statuses = await withTaskGroup(of: Int.self) { group in
          for index in 0..<8 {
            group.addTask {
              index.isMultiple(of: 2)
                ? await fixture.complete(id).status
                : await fixture.client.call("PUT", path, body: "other").status
            }
          }
          return await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(statuses.isSubset(of: [200, 409]), "\(statuses)")
        #expect(await fixture.complete(id).status == 200)
        #expect(
          try await StoreFixture.problems(fixture.accounts.database.directory).filter {
            !$0.hasPrefix("unfinished")
          } == [])
      }
    }
  }
}

/// The origin of addresses.
@Suite struct OriginTests {
  /// Begins an upload by a request with these headers and returns the origin of its address.
  private func origin(
    _ change: @escaping @Sendable (inout ServerSettings) -> Void, _ headers: [String]
  ) async throws -> String? {
    let found = Mutex<String?>(nil)
    try await PlatformClient.serving(uploadTargets: [TextModels()], change) { client, key, _ in
      let body =
        #"{"assetType":"models","assetId":"model_1","filename":"a.pt","contentType":"a","#
        + #""totalBytes":1}"#
      let answer = await client.call(
        "POST", "/api/upload/signed-url", key: key, body: body, headers: headers)
      let address = answer.body["uploadUrl"]?.string
      let origin = address?.split(separator: "/storage/", maxSplits: 1).first.map(String.init)
      found.withLock { $0 = origin }
    }
    return found.withLock { $0 }
  }

  @Test func isThatOfTheRequestTheProxyOrTheOption() async throws {
    let forwarded = ["X-Forwarded-Proto: https", "X-Forwarded-Host: yolo.example:444"]
    #expect(try await origin({ _ in }, forwarded) == "http://test")
    #expect(
      try await origin({ $0.trustedProxies = "127.0.0.0/8" }, forwarded)
        == "https://yolo.example:444")
    #expect(
      try await origin({ $0.trustedProxies = "10.0.0.1" }, forwarded) == "http://test")
    #expect(
      try await origin(
        { $0.trustedProxies = "127.0.0.1" },
        ["X-Forwarded-Proto: gopher, https", "X-Forwarded-Host: a.example, b.example"])
        == "http://a.example")
    #expect(
      try await origin({ $0.trustedProxies = "127.0.0.1" }, ["X-Forwarded-Host: a/b"]) == nil)
    #expect(
      try await origin({ $0.publicURL = "https://public.example" }, forwarded)
        == "https://public.example")
  }
}
#endif
