#if Server
import JSONText
import Testing
import YOLOGeometry
import YOLOServer

/// Versions of datasets: they stay as they are, whatever becomes of the dataset.
@Suite struct DatasetVersionTests {
  private static let path = "/api/datasets/alice/shapes"

  /// The lines of an export without signatures, which are the same as long as nothing changes.
  private static func content(
    _ export: JSONValue?, _ client: PlatformClient
  ) async throws -> [String] {
    try await DatasetTests.lines(export, client).map {
      $0.replacing(/\?expires=\d+&signature=[^"]*/, with: "")
    }
  }

  private static func serving(
    _ body: @escaping @Sendable (PlatformClient, _ key: String, _ id: String) async throws -> Void
  ) async throws {
    try await PlatformClient.serving { client, key, _ in
      let id = try await DatasetTests.create("shapes", client, key: key)
      try await DatasetTests.ingest(
        try DatasetTests.archive(try DatasetTests.set(.detect)), into: "shapes", id: id, client,
        key: key)
      try await body(client, key, id)
    }
  }

  @Test func aVersionStaysWhatItWas() async throws {
    try await Self.serving { client, key, id in
      await client.check(404, "GET", Self.path + "/export?v=1", key: key)
      let first = await client.check(
        200, "POST", Self.path + "/export", key: key, body: #"{"description":"as it came"}"#)
      #expect(first["version"]?.int == 1 && first["reused"] == .bool(false))
      let before = try await Self.content(first, client)
      #expect(before.count == 5)
      // Nothing has changed, whatever is said.
      let again = await client.check(
        200, "POST", "/api/datasets/\(id)/export", key: key, body: #"{"description":"other"}"#)
      #expect(again["data"]?["version"]?.int == 1 && again["data"]?["reused"] == .bool(true))
      let silent = await client.check(
        200, "POST", Self.path + "/export", key: key, body: #"{"download":false}"#)
      #expect(silent["reused"] == .bool(true) && silent["downloadUrl"] == nil)

      let list = await client.check(200, "GET", Self.path + "/images?sort=name-asc", key: key)
      let ids = (list["images"]?.elements ?? []).compactMap { $0["id"]?.string }
      #expect(ids.count == 4)
      await client.check(
        200, "PATCH", "/api/images/\(ids[0])", key: key, body: #"{"labels":[],"split":"test"}"#)
      await client.check(200, "DELETE", "/api/images/\(ids[1])", key: key)
      await client.check(
        200, "POST", Self.path + "/classes/delete", key: key, body: #"{"classIds":[0]}"#)
      let second = await client.check(200, "POST", Self.path + "/export", key: key)
      #expect(second["version"]?.int == 2 && second["reused"] == .bool(false))
      let after = try await Self.content(second, client)
      #expect(after.count == 4)
      let old = await client.check(200, "GET", Self.path + "/export?v=1", key: key)
      let lines = try await Self.content(old, client)
      #expect(lines == before)
      // The deleted image is still there for whoever trains from the version.
      for line in try await DatasetTests.lines(old, client).dropFirst() {
        let address = try DatasetTests.path(of: try JSONParser.parse(line)["url"]?.string)
        #expect(await client.call("HEAD", address).status == 200, "\(line)")
      }
      await client.check(404, "GET", "/api/images/\(ids[1])", key: key)

      let detail = await client.check(200, "GET", Self.path, key: key)["dataset"]
      let versions = detail?["versions"]?.elements ?? []
      #expect(versions.map { $0["version"]?.int } == [2, 1])
      #expect(versions.map { $0["imageCount"]?.int } == [3, 4])
      #expect(versions.map { $0["annotationCount"]?.int } == [2, 4])
      #expect(versions[1]["description"]?.string == "as it came")
      await client.check(
        200, "PATCH", Self.path + "/export", key: key, body: #"{"version":1,"description":"x"}"#)
      let named = await client.check(200, "GET", Self.path, key: key)["dataset"]?["versions"]
      #expect(named?.elements?.last?["description"]?.string == "x")
      for body in [
        #"{"version":3,"description":"x"}"#,
        #"{"version":1,"description":"\#(String(repeating: "a", count: 201))"}"#, "{}",
      ] {
        await client.check(
          body.contains("3") ? 404 : 400, "PATCH", Self.path + "/export", key: key, body: body)
      }

      // Back to the first version, with the labels and the classes.
      let restored = await client.check(
        200, "POST", Self.path + "/restore", key: key, body: #"{"version":1}"#)
      #expect(restored["version"]?.int == 1 && restored["imageCount"]?.int == 4)
      let whole = await client.check(200, "GET", Self.path, key: key)["dataset"]
      #expect(whole?["classNames"]?.elements?.compactMap(\.string) == ["cat", "dog"])
      #expect(whole?["annotationCount"]?.int == 4 && whole?["splits"]?["test"]?.int == 0)
      await client.check(200, "GET", "/api/images/\(ids[1])", key: key)
      // It is the same as the version of then, so that none is made.
      let third = await client.check(200, "POST", Self.path + "/export", key: key)
      #expect(third["version"]?.int == 3 || third["reused"] == .bool(true))
      await client.check(
        404, "POST", Self.path + "/restore", key: key, body: #"{"version":9}"#)
      // Nothing is left once the dataset is gone.
      await client.check(200, "DELETE", "/api/datasets/\(id)", key: key)
      await client.check(200, "POST", "/api/trash/empty", key: key)
      let storage = await client.check(200, "GET", "/api/storage", key: key)
      #expect(storage["data"]?["used"]?.int == 0, "\(storage)")
    }
  }

  @Test func versionsNeedTheRightKey() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let alice = try await accounts.account(named: "alice")
      let reader = try await accounts.createKey(name: "r", of: alice, scopes: [.read]).key
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      let id = try await DatasetTests.create(
        "shapes", more: #","visibility":"public""#, client, key: key)
      try await DatasetTests.ingest(
        try DatasetTests.archive(try DatasetTests.set(.obb)), into: "shapes", id: id, client,
        key: key)
      await client.check(
        403, "POST", "/api/datasets/\(id)/export", key: reader, body: #"{"description":"v"}"#)
      await client.check(200, "POST", "/api/datasets/\(id)/export", key: reader, body: "{}")
      await client.check(403, "POST", Self.path + "/export", key: bob, body: "{}")
      await client.check(200, "POST", Self.path + "/export", key: key, body: "{}")
      // What is public is so with its versions.
      await client.check(200, "GET", Self.path + "/export?v=1")
      for (path, body) in [
        ("/restore", #"{"version":1}"#), ("/classes/delete", #"{"classIds":[0]}"#),
        ("/classes/merge", #"{"sourceClassIds":[0],"targetClassId":1}"#),
        ("/splits/redistribute", #"{"train":100,"val":0,"test":0}"#),
      ] {
        await client.check(403, "POST", Self.path + path, key: bob, body: body)
      }
      let list = await client.check(200, "GET", Self.path + "/images", key: bob)
      let ids = (list["images"]?.elements ?? []).compactMap { $0["id"]?.string }
      let body = #"{"imageIds":["\#(ids.joined(separator: #"",""#))"]"#
      await client.check(
        403, "PATCH", "/api/images/bulk", key: bob, body: body + #","split":"val"}"#)
      await client.check(403, "DELETE", "/api/images/bulk", key: bob, body: body + "}")
      let urls = await client.check(200, "POST", "/api/images/urls", key: bob, body: body + "}")
      #expect(urls["urls"]?.members?.count == 4)
      await client.check(
        200, "PATCH", Self.path, key: key, body: #"{"visibility":"private"}"#)
      await client.check(404, "POST", "/api/images/urls", key: bob, body: body + "}")
      await client.check(404, "DELETE", "/api/images/bulk", key: bob, body: body + "}")
      await client.check(404, "GET", Self.path + "/export?v=1")
    }
  }
}
#endif
