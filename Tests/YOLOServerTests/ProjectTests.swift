#if Server
import Foundation
import JSONText
import Testing
import YOLOServer

/// Projects, the activity of an account, and its trash, as clients see them.
@Suite struct ProjectTests {
  @Test func theFourCallsOfTheFirstDocuments() async throws {
    try await PlatformClient.serving { client, key, _ in
      let body = #"{"name":"My Project","description":"Detection experiments"}"#
      let created = await client.check(201, "POST", "/api/projects", key: key, body: body)
      let id = try #require(created["data"]?["id"]?.string)
      #expect(id.wholeMatch(of: /project_[0-9a-f]{24}/) != nil)
      #expect(created["id"]?.string == id && created["project"]?.string == "my-project")
      #expect(created["owner"]?.string == "alice" && created["region"]?.string == "eu")
      #expect(created["data"]?["slug"]?.string == "my-project")
      #expect(created["data"]?["visibility"]?.string == "private")
      #expect(created["data"]?["modelCount"]?.int == 0)
      let list = await client.check(200, "GET", "/api/projects", key: key)
      #expect(list["meta"]?["total"]?.int == 1 && list["meta"]?["limit"]?.int == 20)
      #expect(list["data"]?.elements?.first?["id"]?.string == id)
      let one = await client.check(200, "GET", "/api/projects/\(id)", key: key)
      #expect(one["data"]?["description"]?.string == "Detection experiments")
      #expect(one["data"]?["models"]?.elements == [])
      let deleted = await client.check(200, "DELETE", "/api/projects/\(id)", key: key)
      #expect(deleted["data"]?["id"]?.string == id)
      #expect(deleted["data"]?["cascadedModels"]?.int == 0)
      await client.check(404, "GET", "/api/projects/\(id)", key: key)
      await client.check(404, "DELETE", "/api/projects/\(id)", key: key)
      #expect(
        await client.check(200, "GET", "/api/projects", key: key)["data"]?.elements == [])
    }
  }

  @Test func slugsAreMadeOfNamesAndTakenOnesAreRefused() async throws {
    try await PlatformClient.serving { client, key, _ in
      for (name, slug) in [
        ("My Project", "my-project"), ("my  project", "my-project-2"),
        ("-- My -- Project! --", "my-project-3"), ("Größe 12", "gre-12"), ("日本", "project"),
        ("datasets", "datasets-2"), ("Datasets", "datasets-3"), ("a_b/c.d", "abcd"),
      ] as [(String, String)] {
        let body = JSONWriter.text(.object([JSONMember("name", .string(name))]))
        let created = await client.check(201, "POST", "/api/projects", key: key, body: body)
        #expect(created["data"]?["slug"]?.string == slug)
        #expect(created["data"]?["name"]?.string == name)
      }
      let named = #"{"name":"x","project":"shapes"}"#
      let created = await client.check(201, "POST", "/api/projects", key: key, body: named)
      #expect(created["project"]?.string == "shapes" && created["success"] == nil)
      // Whoever sends `project` gets flat errors.
      let taken = await client.check(409, "POST", "/api/projects", key: key, body: named)
      #expect(taken["code"]?.string == "CONFLICT" && taken["error"]?.string?.isEmpty == false)
      let tooLong = String(repeating: "a", count: 129)
      for slug in ["datasets", "Shapes", "a_b", "-a", "a--b", "", tooLong] {
        let body = #"{"name":"x","project":"\#(slug)"}"#
        let refused = await client.check(400, "POST", "/api/projects", key: key, body: body)
        #expect(refused["details"]?["argument"]?.string == "project", "\(refused)")
      }
      let long = String(repeating: "a", count: 100)
      for expected in [long, "\(long)-2"] {
        let body = #"{"name":"\#(long)","project":null}"#
        let created = await client.check(201, "POST", "/api/projects", key: key, body: body)
        #expect(created["data"]?["slug"]?.string == expected)
      }
    }
  }

  @Test func whatIsNoProjectIsNamed() async throws {
    try await PlatformClient.serving { client, key, _ in
      let deep = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
      let long = [101, 129, 1001, 500_001].map { String(repeating: "a", count: $0) }
      let tags = (0..<51).map { "\"\($0)\"" }.joined(separator: ",")
      for (body, argument) in [
        ("{}", "name"), (#"{"name":null}"#, "name"), (#"{"name":7}"#, "name"),
        (#"{"name":""}"#, "name"), (#"{"name":"  "}"#, "name"), (#"{"name":"a\u0007"}"#, "name"),
        (#"{"name":"\#(long[0])"}"#, "name"),
        (#"{"name":"a","visibility":"secret"}"#, "visibility"),
        (#"{"name":"a","description":"\#(long[2])"}"#, "description"),
        (#"{"name":"a","tags":"x"}"#, "tags"), (#"{"name":"a","tags":[1]}"#, "tags.[0]"),
        (#"{"name":"a","tags":["\#(long[0])"]}"#, "tags"),
        (#"{"name":"a","tags":[\#(tags)]}"#, "tags"),
        (#"{"name":"a","license":"BSD"}"#, "license"),
        (#"{"name":"a","metadata":[1]}"#, "metadata"),
        (#"{"name":"a","metadata":{"a":\#(deep)}}"#, "metadata"),
        (#"{"name":"a","metadata":{"\#(long[1])":1}}"#, "metadata"),
        (#"{"name":"a","metadata":{"a":"\#(long[3])"}}"#, "metadata"),
        ("[]", "body"), ("{", "body"), ("nonsense", "body"), (#"{"name":"\ud800"}"#, "body"),
      ] as [(String, String)] {
        let refused = await client.check(400, "POST", "/api/projects", key: key, body: body)
        #expect(
          refused["error"]?["details"]?["argument"]?.string == argument,
          "\(body.prefix(60)): \(refused)")
      }
      await client.check(
        413, "POST", "/api/projects", key: key,
        body: #"{"name":"\#(String(repeating: "a", count: 1 << 20))"}"#)
      await client.check(
        415, "POST", "/api/projects", key: key, body: "--b--\r\n",
        headers: ["Content-Type: multipart/form-data; boundary=b"])
      await client.check(
        403, "POST", "/api/projects", key: key, body: #"{"name":"a","owner":"bobby"}"#)
      // Strange, but a project.
      let metadata = #"{"a":[1,2.5,true,null,{"b":"ü\u0000"}],"z":-9223372036854775808}"#
      let body = #"{"name":"👩‍👩‍👧‍👦","tags":[],"metadata":\#(metadata),"other":{"x":[]}}"#
      let created = await client.check(201, "POST", "/api/projects", key: key, body: body)
      let kept = try JSONParser.parse(metadata)
      #expect(created["data"]?["metadata"] == kept)
      #expect(await client.check(200, "GET", "/api/projects", key: key)["meta"]?["total"]?.int == 1)
    }
  }

  @Test func ownersAndVisitors() async throws {
    try await PlatformClient.serving { client, alice, accounts in
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      for (name, visibility) in [("open", "public"), ("secret", "private")] {
        await client.check(
          201, "POST", "/api/projects", key: alice,
          body: #"{"name":"\#(name)","project":"\#(name)","visibility":"\#(visibility)"}"#)
      }
      for (key, count) in [(alice, 2), (bob, 1), (nil, 1)] as [(String?, Int)] {
        let list = await client.check(200, "GET", "/api/projects/alice", key: key)
        #expect(list["total"]?.int == count && list["projects"]?.elements?.count == count)
        let open = await client.check(200, "GET", "/api/projects/alice/open", key: key)
        #expect(open["isOwner"] == .bool(key == alice))
        #expect(open["project"]?["slug"]?.string == "open")
        await client.check(
          key == alice ? 200 : 404, "GET", "/api/projects/alice/secret", key: key)
        let search = await client.check(200, "GET", "/api/explore/search", key: key)
        #expect(search["projects"]?.elements?.count == 1 && search["hasMore"] == .bool(false))
      }
      let own = await client.check(200, "GET", "/api/projects", key: alice)["data"]?.elements ?? []
      let ids = own.compactMap { $0["id"]?.string }
      #expect(own.compactMap { $0["slug"]?.string } == ["secret", "open"])
      for (id, status) in zip(ids, [404, 200]) {
        await client.check(status, "GET", "/api/projects/\(id)", key: bob)
        await client.check(status == 200 ? 403 : 404, "DELETE", "/api/projects/\(id)", key: bob)
        await client.check(401, "GET", "/api/projects/\(id)")
      }
      for (path, status) in [("alice/open", 403), ("alice/secret", 404), ("nobody/x", 404)] {
        await client.check(
          status, "PATCH", "/api/projects/\(path)", key: bob, body: #"{"name":"b"}"#)
        await client.check(status, "DELETE", "/api/projects/\(path)", key: bob)
        await client.check(401, "DELETE", "/api/projects/\(path)")
      }
      await client.check(404, "GET", "/api/projects/nobody", key: alice)
      await client.check(404, "GET", "/api/projects/%ff", key: alice)
      await client.check(401, "GET", "/api/projects/alice/open", key: "ul_wrong")
      #expect(await client.check(200, "GET", "/api/projects", key: bob)["data"]?.elements == [])
    }
  }

  @Test func changesStarsAndCopies() async throws {
    try await PlatformClient.serving { client, alice, accounts in
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      await client.check(
        201, "POST", "/api/projects", key: alice,
        body: #"{"name":"Shapes","project":"shapes","tags":["a","b"],"license":"MIT"}"#)
      let path = "/api/projects/alice/shapes"
      let changed = await client.check(
        200, "PATCH", path, key: alice,
        body: #"""
          {"description":"d","visibility":"public","archived":true,"iconColor":"red",
           "iconLetter":"S","viewPreferences":{"sortBy":"newest"},"metadata":{"x":1}}
          """#)
      #expect(changed["project"]?.string == "shapes" && changed["success"] == .bool(true))
      var project = await client.check(200, "GET", path, key: alice)["project"]
      #expect(project?["archived"] == .bool(true) && project?["iconLetter"]?.string == "S")
      #expect(project?["tags"] == .array([.string("a"), .string("b")]))
      #expect(project?["viewPreferences"]?["sortBy"]?.string == "newest")
      await client.check(
        200, "PATCH", path, key: alice, body: #"{"iconLetter":null,"iconColor":null,"name":null}"#)
      project = await client.check(200, "GET", path, key: alice)["project"]
      #expect(project?["iconLetter"] == nil && project?["iconColor"] == nil)
      #expect(project?["name"]?.string == "Shapes" && project?["description"]?.string == "d")
      for body in [
        #"{"iconLetter":"abc"}"#, #"{"license":"x"}"#, #"{"archived":"yes"}"#, #"{"name":""}"#,
      ] {
        await client.check(400, "PATCH", path, key: alice, body: body)
      }

      for (key, starred, count) in [
        (alice, true, 1), (bob, true, 2), (bob, true, 2), (bob, false, 1),
      ] {
        let stars = await client.check(
          200, "PATCH", path, key: key, body: #"{"starred":\#(starred)}"#)
        #expect(stars["starCount"]?.int == count && stars["starred"] == .bool(starred))
      }
      let starred = await client.check(200, "GET", "/api/explore/search?starred=true", key: alice)
      #expect(starred["projects"]?.elements?.first?["isStarred"] == .bool(true))
      let none = await client.check(200, "GET", "/api/explore/search?starred=true", key: bob)
      #expect(none["projects"]?.elements == [])
      await client.check(401, "GET", "/api/explore/search?starred=true")

      let renamed = await client.check(
        200, "PATCH", path, key: alice, body: #"{"name":"Round Ones"}"#)
      #expect(renamed["project"]?.string == "round-ones")
      await client.check(404, "GET", path, key: alice)
      let copy = await client.check(
        201, "POST", "/api/projects/alice/round-ones/clone", key: bob, body: "{}")
      #expect(copy["owner"]?.string == "bobby" && copy["project"]?.string == "round-ones")
      #expect(copy["modelCount"]?.int == 0 && copy["name"]?.string == "Round Ones")
      let cloned = await client.check(200, "GET", "/api/projects/bobby/round-ones", key: bob)
      #expect(cloned["project"]?["visibility"]?.string == "private")
      #expect(cloned["project"]?["license"]?.string == "MIT")
      let source = await client.check(200, "GET", "/api/projects/alice/round-ones", key: alice)
      #expect(source["project"]?["cloneCount"]?.int == 1)
      #expect(cloned["project"]?["clonedFrom"] == source["project"]?["id"])
      for (body, status) in [
        (#"{"project":"round-ones"}"#, 409), (#"{"owner":"alice"}"#, 403), (#"{"name":""}"#, 400),
        (#"{"visibility":"x"}"#, 400), (#"{"project":"other","name":"Other"}"#, 201),
      ] as [(String, Int)] {
        await client.check(
          status, "POST", "/api/projects/alice/round-ones/clone", key: bob, body: body)
      }
      await client.check(
        404, "POST", "/api/projects/bobby/other/clone", key: alice, body: "{}")
    }
  }

  @Test func partsOfListsAndTheSearch() async throws {
    try await PlatformClient.serving { client, key, _ in
      for index in 1...25 {
        await client.check(
          201, "POST", "/api/projects", key: key,
          body: #"{"name":"P \#(index)%_","visibility":"public","license":"MIT"}"#)
      }
      let second = await client.check(200, "GET", "/api/projects?page=2", key: key)
      #expect(second["data"]?.elements?.compactMap { $0["slug"]?.string }.first == "p-5")
      #expect(second["data"]?.elements?.count == 5)
      let meta = try JSONParser.parse(#"{"limit":20,"page":2,"total":25}"#)
      #expect(second["meta"] == meta)
      let far = await client.check(200, "GET", "/api/projects?page=3&limit=20&x=y", key: key)
      #expect(far["data"]?.elements == [] && far["meta"]?["total"]?.int == 25)
      let flat = await client.check(200, "GET", "/api/projects/alice?limit=500", key: key)
      #expect(flat["projects"]?.elements?.count == 25 && flat["total"]?.int == 25)
      for query in [
        "page=0", "page=-1", "page=a", "page=1e3", "limit=0", "limit=101", "page=%2b1",
        "page=99999999999999999999",
      ] {
        let refused = await client.check(400, "GET", "/api/projects?\(query)", key: key)
        let argument = String(query.prefix { $0 != "=" })
        #expect(refused["error"]?["details"]?["argument"]?.string == argument)
      }
      await client.check(400, "GET", "/api/projects/alice?limit=501", key: key)
      for (query, first, count) in [
        ("q=P%201%25", "p-1", 1), ("q=%25_", "p-25", 20), ("q=_p", nil, 0),
        ("sort=oldest&limit=1", "p-1", 1), ("sort=name-asc&limit=2&offset=1", "p-10", 2),
        ("sort=stars", "p-25", 20), ("sort=count-desc&limit=100", "p-25", 25),
        ("type=datasets", nil, 0), ("author=nobody", nil, 0), ("author=alice&limit=3", "p-25", 3),
        ("task=detect", nil, 0), ("license=MIT,Other&limit=7", "p-25", 7), ("license=x", nil, 0),
        ("q=", "p-25", 20),
      ] as [(String, String?, Int)] {
        let found = await client.check(200, "GET", "/api/explore/search?\(query)")
        let projects = found["projects"]?.elements ?? []
        #expect(projects.count == count && projects.first?["slug"]?.string == first, "\(query)")
      }
      let more = await client.check(200, "GET", "/api/explore/search?limit=24")
      #expect(more["hasMore"] == .bool(true))
      for query in ["sort=x", "type=x", "task=fly", "offset=-1", "limit=101", "starred=maybe"] {
        await client.check(400, "GET", "/api/explore/search?\(query)")
      }
      await client.check(404, "GET", "/api/explore/search?type=images")
    }
  }

  @Test func whatHappenedIsListed() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      let created = await client.check(
        201, "POST", "/api/projects", key: key, body: #"{"name":"Shapes"}"#)
      let id = try #require(created["id"]?.string)
      await client.check(
        200, "PATCH", "/api/projects/alice/shapes", key: key, body: #"{"visibility":"public"}"#)
      await client.check(
        200, "PATCH", "/api/projects/alice/shapes", key: key, body: #"{"visibility":"private"}"#)
      await client.check(
        200, "PATCH", "/api/projects/alice/shapes", key: key, body: #"{"description":"d"}"#)
      await client.check(201, "POST", "/api/projects/alice/shapes/clone", key: key, body: "{}")
      await client.check(200, "DELETE", "/api/projects/\(id)", key: key)
      await client.check(
        200, "POST", "/api/trash", key: key, body: #"{"itemId":"\#(id)","type":"project"}"#)
      // What is refused leaves nothing.
      await client.check(404, "DELETE", "/api/projects/project_0", key: key)
      let events = await client.check(200, "GET", "/api/activity", key: key)["data"]?.elements ?? []
      #expect(
        events.compactMap { $0["action"]?.string } == [
          "restored", "trashed", "cloned", "updated", "unshared", "shared", "created",
        ])
      #expect(events.allSatisfy { $0["type"]?.string == "project" && $0["seen"] == .bool(false) })
      #expect(events.last?["resourceId"]?.string == id)
      #expect(events.last?["message"]?.string == "Project Shapes was created.")
      #expect(await client.check(200, "GET", "/api/activity", key: bob)["data"]?.elements == [])

      let ids = events.prefix(2).compactMap { $0["id"]?.string }
      let named = #"{"eventIds":["\#(ids[0])","\#(ids[1])","\#(ids[0])","event_0"]}"#
      for (path, key, body, updated) in [
        ("mark-seen", bob, named, 0), ("mark-seen", key, named, 2), ("mark-seen", key, named, 0),
        ("mark-seen", key, #"{"all":true}"#, 5), ("archive", key, named, 2),
        ("archive", key, #"{"eventIds":[]}"#, 0), ("archive", key, "{}", 5),
        ("archive", key, #"{"eventIds":["\#(ids[0])"],"archive":false}"#, 1),
      ] as [(String, String, String, Int)] {
        let answer = await client.check(
          200, "POST", "/api/activity/\(path)", key: key, body: body)
        #expect(answer["data"]?["updated"]?.int == updated, "\(path) \(body)")
      }
      await client.check(400, "POST", "/api/activity/archive", key: key, body: #"{"eventIds":"x"}"#)
      let day = Date().formatted(.iso8601.year().month().day())
      for (query, count) in [
        ("", 1), ("archived=true", 6), ("archived=true&search=SHARED", 2),
        ("archived=true&search=%25", 0), ("archived=true&limit=4&page=2", 2),
        ("archived=true&startDate=\(day)", 6), ("archived=true&endDate=\(day)", 6),
        ("archived=true&endDate=2020-01-01", 0), ("startDate=2100-01-01T00:00:00Z", 0),
        ("startDate=2020-01-01T00:00:00.123Z&endDate=2100-01-01T00:00:00%2B02:00", 1),
      ] as [(String, Int)] {
        let list = await client.check(200, "GET", "/api/activity?\(query)", key: key)
        #expect(list["data"]?.elements?.count == count, "\(query)")
      }
      for query in [
        "startDate=yesterday", "endDate=2026-13-01", "startDate=2026-02-30", "endDate=1",
        "archived=2", "startDate=2026-01-01T25:00:00Z", "startDate=2026-01-01T00:00:00",
        "endDate=2026-01-01T00:00:00Zx", "endDate=2100-02-29",
      ] {
        await client.check(400, "GET", "/api/activity?\(query)", key: key)
      }
    }
  }

  /// Most of it happens in one second: the time alone does not order it.
  @Test func theTrashIsInTheOrderOfTheDeletions() async throws {
    try await PlatformClient.serving { client, key, _ in
      func create(_ path: String, _ body: String) async throws -> String {
        let created = await client.check(201, "POST", path, key: key, body: body)
        return try #require(created["id"]?.string)
      }
      var projects: [String] = []
      for name in ["one", "two", "three"] {
        projects.append(try await create("/api/projects", #"{"name":"\#(name)"}"#))
      }
      var models: [String] = []
      for name in ["four", "five"] {
        models.append(
          try await create(
            "/api/models", #"{"projectId":"\#(projects[0])","name":"\#(name)"}"#))
      }
      let dataset = try await create("/api/datasets", #"{"name":"six"}"#)
      let deletions = [
        ("projects", projects[2]), ("models", models[1]), ("datasets", dataset),
        ("projects", projects[1]), ("models", models[0]),
      ]
      for (collection, id) in deletions {
        await client.check(200, "DELETE", "/api/\(collection)/\(id)", key: key)
      }
      let list = await client.check(200, "GET", "/api/trash", key: key)
      #expect(list["items"]?.elements?.map { $0["id"]?.string } == deletions.reversed().map(\.1))
    }
  }

  @Test func theTrashIsKeptForThirtyDays() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      func project(_ name: String) async throws -> String {
        let body = #"{"name":"\#(name)"}"#
        let created = await client.check(201, "POST", "/api/projects", key: key, body: body)
        return try #require(created["id"]?.string)
      }
      let first = try await project("Shapes")
      let models = try await withThrowingTaskGroup(of: String.self) { group in
        for name in ["one", "two", "three"] {
          group.addTask {
            let created = await client.check(
              201, "POST", "/api/models", key: key,
              body: #"{"projectId":"\#(first)","name":"\#(name)"}"#)
            return try #require(created["id"]?.string)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      await client.check(200, "DELETE", "/api/models/\(models[0])", key: key)
      let preview = await client.check(
        200, "GET", "/api/trash?id=\(first)&type=project", key: key)
      #expect(preview["resources"]?.elements?.count == 3)
      await client.check(404, "GET", "/api/trash?id=\(first)&type=project", key: bob)
      await client.check(400, "GET", "/api/trash?id=\(first)", key: key)
      let deleted = await client.check(200, "DELETE", "/api/projects/alice/shapes", key: key)
      #expect(deleted["cascadedModels"]?.int == 2)
      let list = await client.check(200, "GET", "/api/trash", key: key)
      let items = list["items"]?.elements ?? []
      #expect(items.map { $0["type"]?.string } == ["project", "model"])
      #expect(list["data"] == list["items"])
      #expect(items.allSatisfy { $0["daysRemaining"]?.int == 30 && $0["id"] == $0["_id"] })
      #expect(items.first?["cascadedCount"]?.int == 2)
      #expect(items.last?["parentProject"]?["slug"]?.string == "shapes")
      #expect(list["summary"]?["totalItems"]?.int == 2 && list["total"]?.int == 2)
      for (query, count) in [
        ("type=project", 1), ("type=model", 1), ("type=dataset", 0), ("type=all&limit=1", 1),
        ("page=2", 0),
      ] {
        let list = await client.check(200, "GET", "/api/trash?\(query)", key: key)
        #expect(list["items"]?.elements?.count == count, "\(query)")
      }
      #expect(await client.check(200, "GET", "/api/trash", key: bob)["total"]?.int == 0)
      for id in models { await client.check(404, "GET", "/api/models/\(id)", key: key) }

      // A model comes back only into a project that is there.
      let model = #"{"id":"\#(models[0])","type":"model"}"#
      let refused = await client.check(409, "POST", "/api/trash", key: key, body: model)
      #expect(refused["code"]?.string == "CONFLICT")
      for (body, status) in [
        (#"{"itemId":"\#(first)","type":"model"}"#, 404),
        (#"{"itemId":"\#(first)","type":"dataset"}"#, 404),
        (#"{"itemId":"\#(first)","type":"x"}"#, 400), (#"{"itemId":"\#(first)"}"#, 400),
        (#"{"type":"project"}"#, 400), (#"{"id":"\#(models[1])","type":"model"}"#, 409),
      ] as [(String, Int)] {
        await client.check(status, "POST", "/api/trash", key: key, body: body)
      }
      // The slug was given away, so that the project comes back with another.
      let second = try await project("Shapes")
      await client.check(
        404, "POST", "/api/trash", key: bob, body: #"{"itemId":"\#(first)","type":"project"}"#)
      let restored = await client.check(
        200, "POST", "/api/trash", key: key, body: #"{"itemId":"\#(first)","type":"project"}"#)
      #expect(restored["data"]?["id"]?.string == first)
      #expect(restored["data"]?["restoredModels"]?.int == 2)
      let back = await client.check(200, "GET", "/api/projects/alice/shapes-2", key: key)
      #expect(back["project"]?["id"]?.string == first && back["models"]?.elements?.count == 2)
      let single = await client.check(200, "POST", "/api/trash", key: key, body: model)
      #expect(single["success"] == .bool(true) && single["restoredModels"] == nil)
      let whole = await client.check(200, "GET", "/api/projects/\(first)", key: key)
      #expect(whole["data"]?["modelCount"]?.int == 3)

      // A day too early, and on the day.
      await client.check(200, "DELETE", "/api/projects/\(first)", key: key)
      await client.check(200, "DELETE", "/api/projects/\(second)", key: key)
      let now = SystemTime.now()
      for (days, swept) in [(29, 0), (31, 2), (31, 0)] {
        let later = TrashRepository(
          database: accounts.database, clock: { now + days * 86_400 })
        #expect(try await later.sweep() == swept)
      }
      #expect(await client.check(200, "GET", "/api/trash", key: key)["total"]?.int == 0)
      await client.check(
        404, "POST", "/api/trash", key: key, body: #"{"id":"\#(first)","type":"project"}"#)
      let summary = await client.check(200, "GET", "/api/account/summary", key: key)
      #expect(summary["counts"]?["projects"]?.int == 0 && summary["counts"]?["models"]?.int == 0)
      let events = await client.check(200, "GET", "/api/activity?search=deleted", key: key)
      #expect(events["meta"]?["total"]?.int == 2)
    }
  }

  @Test func theTrashIsEmptiedByWhoMay() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let alice = try await accounts.account(named: "alice")
      let writer = try await accounts.createKey(name: "w", of: alice, scopes: [.write]).key
      let reader = try await accounts.createKey(name: "r", of: alice, scopes: [.datasets]).key
      var ids: [String] = []
      for index in 0..<4 {
        let created = await client.check(
          201, "POST", "/api/projects", key: writer, body: #"{"name":"p\#(index)"}"#)
        ids.append(try #require(created["id"]?.string))
        await client.check(200, "DELETE", "/api/projects/\(ids[index])", key: writer)
      }
      let item = #"{"id":"\#(ids[0])","type":"project"}"#
      await client.check(403, "POST", "/api/trash", key: reader, body: item)
      await client.check(403, "DELETE", "/api/trash", key: writer, body: item)
      await client.check(403, "POST", "/api/trash/empty", key: writer)
      let one = await client.check(200, "DELETE", "/api/trash", key: key, body: item)
      #expect(one["deletedCount"]?.int == 1 && one["cascadedModels"]?.int == 0)
      await client.check(404, "DELETE", "/api/trash", key: key, body: item)
      // Nothing is deleted by a request that names nothing.
      await client.check(400, "DELETE", "/api/trash", key: key, body: "{}")
      await client.check(400, "DELETE", "/api/trash", key: key, body: #"{"all":false}"#)
      #expect(await client.check(200, "GET", "/api/trash", key: key)["total"]?.int == 3)
      let all = await client.check(200, "DELETE", "/api/trash", key: key, body: #"{"all":true}"#)
      #expect(all["deletedCount"]?.int == 3)
      let empty = await client.check(200, "POST", "/api/trash/empty", key: key)
      #expect(empty["data"]?["deletedCount"]?.int == 0)
      await client.check(200, "DELETE", "/api/trash/empty", key: key)
    }
  }
}
#endif
