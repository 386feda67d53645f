#if Server
import Foundation
import JSONText
import Testing
import YOLOServer

/// Models of projects, as clients see them: what is known of them, without their weights.
@Suite struct ProjectModelTests {
  /// Serves a platform with a project `shapes` of `alice`; `body` gets its identifier, too.
  private static func serving(
    _ body:
      @escaping @Sendable (PlatformClient, _ key: String, _ project: String, AccountRepository)
      async throws -> Void
  ) async throws {
    try await PlatformClient.serving { client, key, accounts in
      let created = await client.check(
        201, "POST", "/api/projects", key: key, body: #"{"name":"Shapes","project":"shapes"}"#)
      try await body(client, key, try #require(created["id"]?.string), accounts)
    }
  }

  @Test func modelsAreCreatedListedAndChanged() async throws {
    try await Self.serving { client, key, project, _ in
      let first = await client.check(
        201, "POST", "/api/models", key: key, body: #"{"project":"shapes"}"#)
      #expect(first["model"]?.string == "model-1" && first["name"]?.string == "model-1")
      #expect(first["owner"]?.string == "alice" && first["project"]?.string == "shapes")
      let second = await client.check(
        201, "POST", "/api/models", key: key,
        body: #"""
          {"project":"shapes","name":"My Run","task":"detect","epochs":3,"version":"1",
           "metrics":{"mAP50":0.5},"trainArgs":{"model":"yolo26n.pt","data":"ul://alice/datasets/x"},
           "trainResults":[{"epoch":0,"metrics":{"mAP50":0.25},"fitness":0.2,
             "timestamp":"2026-01-31T08:00:00Z"},{"epoch":1}],"environment":{"os":"Linux"},
           "metadata":{"a":1},"description":"d","docs":"x","completedAt":"2026-01-31T09:00:00Z"}
          """#)
      #expect(second["model"]?.string == "my-run")
      let id = try #require(second["id"]?.string)
      #expect(id.wholeMatch(of: /model_[0-9a-f]{24}/) != nil)
      let third = await client.check(
        201, "POST", "/api/models", key: key,
        body: #"{"projectId":"\#(project)","name":"My run"}"#)
      #expect(third["data"]?["slug"]?.string == "my-run-2" && third["model"]?.string == "my-run-2")
      #expect(third["data"]?["status"]?.string == "untrained")
      #expect(third["data"]?["hasWeights"] == .bool(false))

      let one = await client.check(200, "GET", "/api/models/\(id)", key: key)["data"]
      #expect(one?["status"]?.string == "completed" && one?["projectId"]?.string == project)
      #expect(one?["trainResults"]?.elements?.count == 2 && one?["epochs"]?.int == 3)
      #expect(one?["trainArgs"]?["model"]?.string == "yolo26n.pt")
      #expect(one?["completedAt"]?.string == "2026-01-31T09:00:00Z")
      let path = "/api/models/alice/shapes/my-run"
      let detail = await client.check(200, "GET", path, key: key)
      #expect(detail["model"] == one && detail["isOwner"] == .bool(true))
      let list = await client.check(200, "GET", "/api/models/alice/shapes", key: key)
      #expect(
        list["models"]?.elements?.compactMap { $0["model"]?.string } == [
          "my-run-2", "my-run", "model-1",
        ])
      for (query, count) in [
        ("", 3), ("task=detect", 1), ("task=pose", 0), ("projectId=\(project)", 3),
        ("projectId=\(project)&status=completed", 1), ("status=untrained&limit=1&page=2", 1),
      ] as [(String, Int)] {
        let list = await client.check(200, "GET", "/api/models?\(query)", key: key)
        #expect(list["data"]?.elements?.count == count, "\(query)")
      }
      for query in ["task=fly", "status=x", "page=0", "limit=101"] {
        await client.check(400, "GET", "/api/models?\(query)", key: key)
      }
      await client.check(404, "GET", "/api/models?projectId=project_0", key: key)
      let shown = await client.check(200, "GET", "/api/projects/alice/shapes", key: key)
      #expect(shown["models"]?.elements?.map { $0["epochCount"]?.int } == [0, 2, 0])

      let changed = await client.check(
        200, "PATCH", path, key: key,
        body: #"""
          {"name":"Other Run","status":"failed","license":"MIT","color":"#ff0000","bestEpoch":1,
           "bestFitness":0.25,"datasetSlug":null,
           "trainingError":{"message":"m","timestamp":"2026-01-31T08:00:00Z"}}
          """#)
      #expect(changed["model"]?.string == "other-run" && changed["success"] == .bool(true))
      await client.check(404, "GET", path, key: key)
      let other = "/api/models/alice/shapes/other-run"
      let after = await client.check(200, "GET", other, key: key)["model"]
      #expect(after?["id"]?.string == id && after?["status"]?.string == "failed")
      #expect(after?["trainingError"]?["message"]?.string == "m")
      await client.check(200, "PATCH", other, key: key, body: #"{"color":null,"version":null}"#)
      let cleared = await client.check(200, "GET", other, key: key)["model"]
      #expect(cleared?["color"] == nil && cleared?["version"]?.string == "1")
      let starred = await client.check(200, "PATCH", other, key: key, body: #"{"starred":true}"#)
      #expect(starred["starCount"]?.int == 1)

      let target =
        await client.check(
          201, "POST", "/api/projects", key: key, body: #"{"name":"Second"}"#)["id"]?.string ?? ""
      await client.check(
        201, "POST", "/api/models", key: key, body: #"{"project":"second","model":"other-run"}"#)
      let moved = await client.check(
        200, "PATCH", other, key: key, body: #"{"projectId":"\#(target)"}"#)
      #expect(moved["slug"]?.string == "other-run-2" && moved["projectSlug"]?.string == "second")
      #expect(moved["renamed"] == .bool(true))
      await client.check(
        200, "DELETE", "/api/models/alice/second/other-run-2", key: key)
      await client.check(404, "GET", "/api/models/\(id)", key: key)
      await client.check(
        404, "PATCH", "/api/models/alice/second/other-run", key: key,
        body: #"{"datasetSlug":"x"}"#)
    }
  }

  @Test func whatIsNoModelIsNamed() async throws {
    try await Self.serving { client, key, project, accounts in
      let long = [101, 129, 1001].map { String(repeating: "a", count: $0) }
      for (body, argument) in [
        (#""model":"A""#, "model"), (#""model":"\#(long[1])""#, "model"),
        (#""name":"""#, "name"), (#""name":"\#(long[0])""#, "name"), (#""task":"fly""#, "task"),
        (#""epochs":-1"#, "epochs"), (#""epochs":"3""#, "epochs"),
        (#""description":"\#(long[2])""#, "description"), (#""version":"\#(long[0])""#, "version"),
        (#""trainArgs":[]"#, "trainArgs"), (#""environment":"x""#, "environment"),
        (#""metrics":{"a":"b"}"#, "metrics.a"), (#""metrics":[1]"#, "metrics"),
        (#""trainResults":[{"epoch":-1}]"#, "trainResults.epoch"),
        (#""trainResults":[{"fitness":1}]"#, "trainResults.[0].epoch"),
        (#""trainResults":[{"epoch":0,"timestamp":"now"}]"#, "trainResults.timestamp"),
        (#""completedAt":"now""#, "completedAt"),
      ] as [(String, String)] {
        let flat = await client.check(
          400, "POST", "/api/models", key: key, body: #"{"project":"shapes",\#(body)}"#)
        #expect(flat["details"]?["argument"]?.string == argument, "\(flat)")
        let whole = await client.check(
          400, "POST", "/api/models", key: key, body: #"{"projectId":"\#(project)",\#(body)}"#)
        #expect(whole["error"]?["details"]?["argument"]?.string == argument, "\(whole)")
      }
      let none = await client.check(400, "POST", "/api/models", key: key, body: #"{"name":"a"}"#)
      #expect(none["error"]?["details"]?["argument"]?.string == "projectId")
      await client.check(404, "POST", "/api/models", key: key, body: #"{"project":"none"}"#)
      await client.check(404, "POST", "/api/models", key: key, body: #"{"projectId":"none"}"#)
      await client.check(
        403, "POST", "/api/models", key: key, body: #"{"project":"shapes","owner":"bobby"}"#)
      await client.check(
        201, "POST", "/api/models", key: key, body: #"{"project":"shapes","model":"a"}"#)
      await client.check(
        409, "POST", "/api/models", key: key, body: #"{"project":"shapes","model":"a"}"#)
      let path = "/api/models/alice/shapes/a"
      for body in [
        #"{"status":"sleeping"}"#, #"{"license":"x"}"#, #"{"color":"much too long"}"#,
        #"{"trainingError":{"message":"m","timestamp":"x"}}"#, #"{"trainingError":"m"}"#,
        #"{"bestEpoch":-1}"#, #"{"name":7}"#, "[]", "{",
      ] {
        await client.check(400, "PATCH", path, key: key, body: body)
      }
      await client.check(404, "GET", "\(path)?analysis=1", key: key)

      // As many models as the plan has, the trash among them.
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      _ = try await accounts.setPlan(of: "bobby", to: .free, callsPerMinute: 1000)
      await client.check(201, "POST", "/api/projects", key: bob, body: #"{"name":"p"}"#)
      for index in 1...100 {
        let created = await client.call("POST", "/api/models", key: bob, body: #"{"project":"p"}"#)
        #expect(created.status == 201, "\(index)")
      }
      await client.check(200, "DELETE", "/api/models/bobby/p/model-7", key: bob)
      let full = await client.check(
        403, "POST", "/api/models", key: bob, body: #"{"project":"p"}"#)
      #expect(full["error"]?.string?.contains("100 models") == true)
    }
  }

  @Test func foreignModelsAreReadIfTheyArePublic() async throws {
    try await Self.serving { client, alice, project, accounts in
      let bob = try await accounts.create(username: "bobby", plan: .pro).key
      let created = await client.check(
        201, "POST", "/api/models", key: alice,
        body: #"{"project":"shapes","model":"a","completedAt":"2026-01-31T09:00:00Z"}"#)
      await client.check(
        201, "POST", "/api/models", key: alice, body: #"{"project":"shapes","model":"b"}"#)
      let id = try #require(created["id"]?.string)
      await client.check(201, "POST", "/api/projects", key: bob, body: #"{"name":"Mine"}"#)
      let clone = #"{"project":"mine","name":"Copy"}"#
      for isPublic in [false, true] {
        if isPublic {
          await client.check(
            200, "PATCH", "/api/projects/alice/shapes", key: alice,
            body: #"{"visibility":"public"}"#)
        }
        for key in [bob, nil] {
          for path in ["", "/a", "/a/training"].map({ "/api/models/alice/shapes" + $0 }) {
            await client.check(isPublic ? 200 : 404, "GET", path, key: key)
          }
        }
        let read = isPublic ? 200 : 404
        await client.check(read, "GET", "/api/models/\(id)", key: bob)
        await client.check(read, "GET", "/api/models?projectId=\(project)", key: bob)
        let write = isPublic ? 403 : 404
        await client.check(write, "DELETE", "/api/models/\(id)", key: bob)
        await client.check(write, "DELETE", "/api/models/alice/shapes/a", key: bob)
        await client.check(
          write, "PATCH", "/api/models/alice/shapes/a", key: bob, body: #"{"name":"x"}"#)
        await client.check(
          write, "POST", "/api/models", key: bob, body: #"{"projectId":"\#(project)"}"#)
        await client.check(
          isPublic ? 201 : 404, "POST", "/api/models/alice/shapes/a/clone", key: bob, body: clone)
      }
      await client.check(401, "GET", "/api/models/\(id)")
      await client.check(401, "GET", "/api/models/alice/shapes/a", key: "ul_wrong")
      let copy = await client.check(200, "GET", "/api/models/bobby/mine/copy", key: bob)["model"]
      #expect(copy?["clonedFrom"]?.string == id && copy?["status"]?.string == "completed")
      await client.check(404, "GET", "/api/models/bobby/mine/copy", key: alice)
      for (body, status) in [
        (#"{"project":"mine","model":"copy"}"#, 409), (#"{"project":"none"}"#, 404),
        (#"{"model":"x"}"#, 400), (#"{"project":"mine","owner":"alice"}"#, 403),
        (#"{"project":"mine"}"#, 201), (#"{"project":"mine"}"#, 201),
      ] as [(String, Int)] {
        await client.check(
          status, "POST", "/api/models/alice/shapes/a/clone", key: bob, body: body)
      }
      let list = await client.check(200, "GET", "/api/models/bobby/mine", key: bob)
      #expect(
        list["models"]?.elements?.compactMap { $0["model"]?.string } == ["a-2", "a", "copy"])
      // Of a project what is complete is copied.
      let whole = await client.check(
        201, "POST", "/api/projects/alice/shapes/clone", key: bob, body: "{}")
      #expect(whole["modelCount"]?.int == 1)
      let found = await client.check(200, "GET", "/api/explore/search?q=shap")
      #expect(found["projects"]?.elements?.first?["modelNames"]?.elements?.count == 2)
    }
  }
}
#endif
