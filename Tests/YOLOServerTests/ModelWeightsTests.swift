#if Server
import Foundation
import JSONText
import Testing
import YOLOServer

/// Weights of models of projects: sent, read, shared, predicted with, and deleted.
@Suite struct ModelWeightsTests {
  static func weights(_ task: String) throws -> [UInt8] {
    Array(try ModelTestDirectory.bytes(task))
  }

  /// Sends a form to the platform; holds the answer against the OpenAPI document.
  static func send(
    _ status: Int, _ path: String, _ fields: [(String, String)], file: [UInt8], key: String?,
    _ client: PlatformClient, sourceLocation: SourceLocation = #_sourceLocation
  ) async -> JSONValue {
    let headers = ["Connection: close"] + (key.map { ["Authorization: Bearer \($0)"] } ?? [])
    let text = await LiveServer.exchange(
      LiveServer.form(fields, file: file, path: path, headers: headers), port: client.port)
    let parts = text.split(separator: "\r\n\r\n", maxSplits: 1).map(String.init)
    let answer = PlatformClient.Answer(
      status: text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0,
      head: parts.first ?? "",
      body: (parts.count == 2 ? try? JSONParser.parse(parts[1]) : nil) ?? .null, text: text)
    #expect(answer.status == status, "\(text.prefix(600))", sourceLocation: sourceLocation)
    let template = client.documentPath(of: path) ?? ""
    #expect(
      client.problems(answer, "POST", template, isKeyed: key != nil) == [], "\(text.prefix(600))",
      sourceLocation: sourceLocation)
    return answer.body
  }

  /// Asks for the bytes at a signed address; returns the status and their number, such as `200 17`.
  static func download(
    _ address: String, _ client: PlatformClient
  ) async throws -> String {
    let path = try #require(address.firstRange(of: "/storage/")).lowerBound
    let head = await LiveServer.exchange(
      Array("HEAD \(address[path...]) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".utf8),
      port: client.port)
    let length = head.split(separator: "\r\n").first {
      $0.lowercased().hasPrefix("content-length:")
    }?.split(separator: " ").last.map(String.init)
    let status = head.split(separator: " ").dropFirst().first.map(String.init)
    return "\(status ?? "none") \(length ?? "none")"
  }

  static func project(
    _ client: PlatformClient, _ key: String, visibility: String = "private"
  ) async throws -> String {
    let body = #"{"name":"Shapes","visibility":"\#(visibility)"}"#
    let created = await client.check(201, "POST", "/api/projects", key: key, body: body)
    return try #require(created["id"]?.string)
  }

  @Test(arguments: ["detect", "segment", "pose", "obb", "classify"])
  func aCheckpointIsReadServedAndPredictedWith(task: String) async throws {
    try await PlatformClient.serving { client, key, accounts in
      let project = try await Self.project(client, key)
      let file = try Self.weights(task)
      let created = await Self.send(
        201, "/api/models", [("projectId", project), ("name", "My Model")], file: file, key: key,
        client)
      let data = created["data"]
      #expect(data?["task"]?.string == task && data?["status"]?.string == "completed")
      #expect(data?["hasWeights"] == .bool(true) && data?["file"]?["size"]?.int == file.count)
      #expect(data?["classNames"]?.elements?.isEmpty == false)
      #expect(data?["parameters"]?.int ?? 0 > 1000 && data?["slug"]?.string == "my-model")
      let id = try #require(created["id"]?.string)
      let storage = await client.check(200, "GET", "/api/storage", key: key)
      #expect(storage["data"]?["used"]?.int == file.count)

      let files = await client.check(200, "GET", "/api/models/\(id)/files", key: key)
      #expect(files["files"] == files["data"] && files["files"]?.elements?.count == 1)
      let address = try #require(files["files"]?.elements?.first?["downloadUrl"]?.string)
      #expect(address.hasPrefix("http://test/storage/models/\(id)/my-model-"))
      #expect(try await Self.download(address, client) == "200 \(file.count)")
      let flat = await client.check(200, "GET", "/api/models/alice/shapes/my-model/files", key: key)
      #expect(flat["data"] == nil && flat["files"]?.elements?.count == 1)

      for path in ["/api/models/\(id)/predict", "/api/models/alice/shapes/my-model/predict"] {
        let found = await Self.send(
          200, path, [("conf", "0.25"), ("model", "../other")], file: LimitTests.image, key: key,
          client)
        let results = found["images"]?.elements?.first?["results"]?.elements ?? []
        let predictions = found["predictions"]?.elements ?? []
        #expect(!results.isEmpty && results.count == predictions.count)
        #expect(results.map { $0["name"] } == predictions.map { $0["class"] })
        #expect(results.map { $0["class"] } == predictions.map { $0["classId"] })
        #expect(results.map { $0["confidence"] } == predictions.map { $0["confidence"] })
        #expect(results.map { $0["box"] } == predictions.map { $0["box"] })
        #expect(results.map { $0["segments"] } == predictions.map { $0["segments"] })
        #expect(results.map { $0["keypoints"] } == predictions.map { $0["keypoints"] })
        let corners = task == "classify" ? [] : task == "obb" ? [1, 2, 3, 4] : [1, 2]
        let keys = corners.flatMap { ["x\($0)", "y\($0)"] }
        #expect(results.first?["box"]?.members?.map(\.key) ?? [] == keys)
        #expect(found["metadata"]?["task"]?.string == task)
        #expect(found["metadata"]?["classNames"] == data?["classNames"])
        #expect(found["metadata"]?["model"]?.string == "my-model.pt")
      }
      // The HUB API serves what is in its directory alone.
      let listed = await client.call("GET", "/v1/models", key: key)
      #expect(!JSONWriter.text(listed.body).contains("my-model"))
    }
  }

  /// Models with a value for each pixel: a map, and ratios in place of instances.
  @Test(arguments: [("sem", "semantic_mask"), ("depth", "depth")])
  func aDenseModelReturnsItsMap(name: String, member: String) async throws {
    let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/dense/yolo26-\(name).pt")
    let file = Array(try Data(contentsOf: fixture))
    try await PlatformClient.serving { client, key, _ in
      let project = try await Self.project(client, key)
      let created = await Self.send(
        201, "/api/models", [("projectId", project)], file: file, key: key, client)
      let id = try #require(created["id"]?.string)
      let found = await Self.send(
        200, "/api/models/\(id)/predict", [("imgsz", "96")], file: LimitTests.image, key: key,
        client)
      let image = found["images"]?.elements?.first
      #expect(image?[member]?["data"]?.string?.isEmpty == false)
      let results = image?["results"]?.elements ?? []
      let predictions = found["predictions"]?.elements ?? []
      #expect(results.isEmpty == (name == "depth"))
      #expect(results.map { $0["name"] } == predictions.map { $0["class"] })
      #expect(results.map { $0["pixel_ratio"] } == predictions.map { $0["pixel_ratio"] })
    }
  }

  @Test func whatIsNoCheckpointIsRefused() async throws {
    try await PlatformClient.serving { client, key, _ in
      let project = try await Self.project(client, key)
      let good = try Self.weights("detect")
      for file in [
        LimitTests.image, Array("hello".utf8), Array(good.prefix(good.count / 2)),
        good.enumerated().map { $0.offset == good.count / 2 ? ~$0.element : $0.element },
      ] as [[UInt8]] {
        let refused = await Self.send(
          400, "/api/models", [("projectId", project)], file: file, key: key, client)
        #expect(refused["error"]?["details"]?["argument"]?.string == "file", "\(refused)")
        #expect(refused["error"]?["message"]?.string?.contains("/objects/") == false)
      }
      _ = await Self.send(400, "/api/models", [("projectId", project)], file: [], key: key, client)
      let none = await Self.send(400, "/api/models", [], file: good, key: key, client)
      #expect(none["error"]?["details"]?["argument"]?.string == "projectId")
      _ = await Self.send(
        404, "/api/models", [("projectId", "project_0")], file: good, key: key, client)
      _ = await Self.send(
        401, "/api/models", [("projectId", project)], file: good, key: nil, client)
      // Nothing of all that is kept.
      let storage = await client.check(200, "GET", "/api/storage", key: key)
      #expect(storage["data"]?["used"]?.int == 0)
      await client.check(
        201, "POST", "/api/models", key: key, body: #"{"project":"shapes","model":"empty"}"#)
      await client.check(404, "GET", "/api/models/alice/shapes/empty/files", key: key)
      _ = await Self.send(
        404, "/api/models/alice/shapes/empty/predict", [], file: LimitTests.image, key: key, client)
    }
  }

  @Test func copiesHaveOneFileWhichGoesWithTheLast() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let project = try await Self.project(client, key, visibility: "public")
      let file = try Self.weights("detect")
      let created = await Self.send(
        201, "/api/models", [("projectId", project), ("model", "a")], file: file, key: key, client)
      let id = try #require(created["id"]?.string)
      let bob = try await accounts.create(username: "bobby", plan: .pro).key
      await client.check(201, "POST", "/api/projects/alice/shapes/clone", key: bob, body: "{}")
      await client.check(
        201, "POST", "/api/models/alice/shapes/a/clone", key: key, body: #"{"project":"shapes"}"#)
      for owner in [key, bob] {
        let storage = await client.check(200, "GET", "/api/storage", key: owner)
        #expect(storage["data"]?["used"]?.int == file.count)
      }
      // Everybody may read and use what is public.
      await client.check(200, "GET", "/api/models/alice/shapes/a/files")
      _ = await Self.send(
        200, "/api/models/alice/shapes/a/predict", [], file: LimitTests.image, key: nil, client)
      await client.check(401, "GET", "/api/models/\(id)/files")

      for path in ["a", "a-2"] {
        await client.check(200, "DELETE", "/api/models/alice/shapes/\(path)", key: key)
      }
      // The trash counts.
      let trash = await client.check(200, "GET", "/api/storage", key: key)
      #expect(trash["data"]?["used"]?.int == file.count)
      await client.check(200, "POST", "/api/trash/empty", key: key)
      let after = await client.check(200, "GET", "/api/storage", key: key)
      #expect(after["data"]?["used"]?.int == 0)
      let copy = await client.check(200, "GET", "/api/models/bobby/shapes/a/files", key: bob)
      let address = try #require(copy["files"]?.elements?.first?["downloadUrl"]?.string)
      #expect(try await Self.download(address, client) == "200 \(file.count)")
      await client.check(200, "DELETE", "/api/projects/bobby/shapes", key: bob)
      await client.check(200, "DELETE", "/api/trash", key: bob, body: #"{"all":true}"#)
      #expect(try await Self.download(address, client).hasPrefix("404 "))
    }
  }
}
#endif
