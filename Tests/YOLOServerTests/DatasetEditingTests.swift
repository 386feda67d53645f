#if Server
import Foundation
import GRDB
import JSONText
import Testing
import YOLO
import YOLOGeometry
import YOLOServer

/// Changes of many images of a dataset at once.
@Suite struct DatasetEditingTests {
  private static let path = "/api/datasets/alice/shapes"

  /// Serves a set of images whose labels are of the classes a, b and c.
  private static func serving(
    images: Int = 10,
    _ body:
      @escaping @Sendable (PlatformClient, _ key: String, AccountRepository) async throws -> Void
  ) async throws {
    try await PlatformClient.serving { client, key, accounts in
      let id = try await DatasetTests.create("shapes", client, key: key)
      var entries = [
        ArchiveWriter.Entry("data.yaml", "train: images\nval: images\nnames: [a, b, c]\n")
      ]
      for index in 0..<images {
        entries.append(
          DatasetTests.entry("images/\(index).png", try DatasetTests.png(UInt8(index))))
        entries.append(
          ArchiveWriter.Entry(
            "labels/\(index).txt",
            "\(index % 3) 0.5 0.5 0.1 0.1\n2 0.25 0.25 0.1 0.\(index + 1)\n"))
      }
      try await DatasetTests.ingest(
        try DatasetTests.archive(entries), into: "shapes", id: id, client, key: key)
      try await body(client, key, accounts)
    }
  }

  private static func ids(_ client: PlatformClient, _ key: String) async -> [String] {
    let list = await client.check(200, "GET", path + "/images?sort=name-asc", key: key)
    return (list["images"]?.elements ?? []).compactMap { $0["id"]?.string }
  }

  private static func body(_ ids: [String], _ more: String = "") -> String {
    #"{"imageIds":[\#(ids.map { "\"\($0)\"" }.joined(separator: ","))]\#(more)}"#
  }

  private static func counts(_ client: PlatformClient, _ key: String) async -> [Int] {
    let counts = await client.check(200, "GET", path + "/class-stats", key: key)
    return (counts["classes"]?.elements ?? []).compactMap { $0["count"]?.int }
  }

  @Test func classesAreRemovedAndMerged() async throws {
    try await Self.serving { client, key, _ in
      #expect(await Self.counts(client, key) == [4, 3, 13])
      let merged = await client.check(
        200, "POST", Self.path + "/classes/merge", key: key,
        body: #"{"sourceClassIds":[0],"targetClassId":2}"#)
      #expect(merged["classNames"]?.elements?.compactMap(\.string) == ["b", "c"])
      #expect(merged["targetClassId"]?.int == 1)
      #expect(await Self.counts(client, key) == [3, 17])
      let deleted = await client.check(
        200, "POST", Self.path + "/classes/delete", key: key, body: #"{"classIds":[1,1]}"#)
      #expect(deleted["deletedAnnotations"]?.int == 17)
      #expect(deleted["classNames"]?.elements?.compactMap(\.string) == ["b"])
      #expect(await Self.counts(client, key) == [3])
      let detail = await client.check(200, "GET", Self.path, key: key)["dataset"]
      #expect(detail?["annotationCount"]?.int == 3 && detail?["splits"]?["labeled"]?.int == 3)
      let list = await client.check(
        200, "GET", Self.path + "/images?classIds=0,7&sort=name-asc", key: key)
      #expect(list["total"]?.int == 3)
      #expect(
        list["images"]?.elements?.compactMap { $0["name"]?.string } == ["1.png", "4.png", "7.png"])
      for (path, body) in [
        ("delete", #"{"classIds":[]}"#), ("delete", #"{"classIds":[1]}"#),
        ("delete", #"{"classIds":[-1]}"#), ("delete", #"{"classIds":[0.5]}"#), ("delete", "{}"),
        ("merge", #"{"sourceClassIds":[0],"targetClassId":0}"#),
        ("merge", #"{"sourceClassIds":[1],"targetClassId":0}"#),
        ("merge", #"{"sourceClassIds":[0],"targetClassId":-1}"#),
      ] {
        await client.check(400, "POST", Self.path + "/classes/\(path)", key: key, body: body)
      }
      // Each of the deeds is told of.
      let events = await client.check(200, "GET", "/api/activity", key: key)
      let updates = (events["data"]?.elements ?? []).filter {
        $0["metadata"]?["images"]?.string == "classes changed"
      }
      #expect(updates.count == 2)
    }
  }

  @Test func partsAreDrawnAnewBySeed() async throws {
    try await Self.serving { client, key, _ in
      func redistribute(_ body: String, _ status: Int = 200) async -> JSONValue {
        await client.check(
          status, "POST", Self.path + "/splits/redistribute", key: key, body: body)
      }
      func parts() async -> [String] {
        let list = await client.check(200, "GET", Self.path + "/images?sort=name-asc", key: key)
        return (list["images"]?.elements ?? []).compactMap { $0["split"]?.string }
      }
      let first = await redistribute(#"{"train":70,"val":20,"test":10}"#)
      #expect(
        ["train", "val", "test"].map { first["splits"]?[$0]?.int } == [7, 2, 1], "\(first)")
      let drawn = await parts()
      let same = await redistribute(#"{"train":70,"val":20,"test":10,"seed":0}"#)
      #expect(same["modified"]?.int == 0)
      _ = await redistribute(#"{"train":70,"val":20,"test":10,"seed":7}"#)
      let other = await parts()
      #expect(other != drawn && other.sorted() == drawn.sorted())
      _ = await redistribute(#"{"train":70,"val":20,"test":10}"#)
      #expect(await parts() == drawn)
      // What is left over goes to the largest remainder: 33, 33 and 34 of 10.
      let even = await redistribute(#"{"train":33,"val":33,"test":34}"#)
      #expect(["train", "val", "test"].map { even["splits"]?[$0]?.int } == [3, 3, 4])
      for body in [
        #"{"train":70,"val":20,"test":11}"#, #"{"train":-10,"val":100,"test":10}"#,
        #"{"train":101,"val":0,"test":-1}"#, #"{"train":70,"val":30}"#,
        #"{"train":70.5,"val":29.5,"test":0}"#,
      ] {
        _ = await redistribute(body, 400)
      }
      _ = try await DatasetTests.create("empty", client, key: key)
      await client.check(
        400, "POST", "/api/datasets/alice/empty/splits/redistribute", key: key,
        body: #"{"train":100,"val":0,"test":0}"#)
    }
  }

  @Test func manyImagesAtOnce() async throws {
    try await Self.serving { client, key, _ in
      let ids = await Self.ids(client, key)
      let moved = await client.check(
        200, "PATCH", "/api/images/bulk", key: key,
        body: Self.body(Array(ids[..<4]), #","split":"test""#))
      #expect(moved["modifiedCount"]?.int == 4 && moved["skippedCount"]?.int == 0)
      #expect(moved["targetSplit"]?.string == "test")
      let selected = await client.check(
        200, "POST", Self.path + "/images?sort=name-desc&includeLabels=false", key: key,
        body: Self.body([ids[0], ids[3], "0123"]))
      #expect(
        selected["images"]?.elements?.compactMap { $0["name"]?.string } == ["3.png", "0.png"])
      #expect(selected["total"]?.int == 2 && selected["hasMore"] == .bool(false))
      #expect(selected["images"]?.elements?.first?["labels"] == nil)
      let urls = await client.check(
        200, "POST", "/api/images/urls", key: key, body: Self.body(Array(ids[..<2])))
      let url = try DatasetTests.path(of: urls["urls"]?[ids[0]]?.string)
      #expect(await client.call("HEAD", url).status == 200)
      // An image of the same name as one of the part.
      let id = try #require(
        await client.check(200, "GET", Self.path, key: key)["dataset"]?["id"]?.string)
      try await DatasetTests.ingest(
        try DatasetTests.archive([
          DatasetTests.entry("images/0.png", try DatasetTests.png(99)),
          DatasetTests.entry("images/20.png", try DatasetTests.png(98)),
        ]), into: "shapes", id: id, client, key: key)
      let list = await client.check(
        200, "GET", Self.path + "/images?search=0.png&hasLabel=false", key: key)
      let new = (list["images"]?.elements ?? []).compactMap { $0["id"]?.string }
      #expect(new.count == 2)
      let move = Self.body(new, #","split":"test""#)
      let refused = await client.check(409, "PATCH", "/api/images/bulk", key: key, body: move)
      #expect(refused["error"]?.string?.contains("0.png") == true)
      let skipped = await client.check(
        200, "PATCH", "/api/images/bulk", key: key,
        body: Self.body(new, #","split":"test","conflictPolicy":"skip""#))
      #expect(skipped["modifiedCount"]?.int == 1 && skipped["skippedCount"]?.int == 1)
      let replaced = await client.check(
        200, "PATCH", "/api/images/bulk", key: key,
        body: Self.body(new, #","split":"test","conflictPolicy":"replace""#))
      #expect(replaced["modifiedCount"]?.int == 1)
      await client.check(404, "GET", "/api/images/\(ids[0])", key: key)
      let deleted = await client.check(
        200, "DELETE", "/api/images/bulk", key: key, body: Self.body(Array(ids[1..<4])))
      #expect(deleted["deletedCount"]?.int == 3)
      // All or none.
      await client.check(
        404, "DELETE", "/api/images/bulk", key: key, body: Self.body([ids[4], ids[1]]))
      await client.check(200, "GET", "/api/images/\(ids[4])", key: key)
      let other = try await DatasetTests.create("other", client, key: key)
      try await DatasetTests.ingest(
        try DatasetTests.archive(try DatasetTests.set(.detect)), into: "other", id: other, client,
        key: key)
      let foreign = await client.check(
        200, "GET", "/api/datasets/alice/other/images", key: key)
      let stranger = try #require(foreign["images"]?.elements?.first?["id"]?.string)
      for (status, body) in [
        (400, Self.body([])), (400, Self.body([ids[4], stranger])), (400, "{}"),
        (400, Self.body([String](repeating: ids[4], count: 1001))), (404, Self.body(["x"])),
      ] {
        await client.check(status, "DELETE", "/api/images/bulk", key: key, body: body)
      }
      await client.check(
        400, "POST", "/api/images/urls", key: key,
        body: Self.body([String](repeating: ids[4], count: 101)))
      await client.check(
        400, "PATCH", "/api/images/bulk", key: key, body: Self.body([ids[4]], #","split":"all""#))
    }
  }

  /// Labels are objects in answers, and rows or objects in requests.
  @Test(arguments: [
    (VisionTask.detect, #"{"bbox":[0.5,0.5,0.25,0.25],"classId":1}"#, "[1,0.5,0.5,0.25,0.25]"),
    (
      .segment, #"{"classId":0,"segments":[0.25,0.25,0.5,0.25,0.5,0.5]}"#,
      "[0,0.25,0.25,0.5,0.25,0.5,0.5]"
    ),
    (
      .pose, #"{"bbox":[0.5,0.5,0.25,0.25],"classId":1,"keypoints":[0.5,0.5,2,0,0,0]}"#,
      "[1,0.5,0.5,0.25,0.25,0.5,0.5,2,0,0,0]"
    ),
    (
      .obb, #"{"classId":1,"obb":[0,0,0.5,0,0.5,0.5,0,0.5]}"#, "[1,0,0,0.5,0,0.5,0.5,0,0.5]"
    ),
    (.classify, #"{"classId":1}"#, "[1]"),
  ])
  func labelsAreObjectsAndRows(task: VisionTask, label: String, row: String) async throws {
    try await PlatformClient.serving { client, key, _ in
      let id = try await DatasetTests.create("shapes", client, key: key)
      try await DatasetTests.ingest(
        try DatasetTests.archive(try DatasetTests.set(task)), into: "shapes", id: id, client,
        key: key)
      let image = try #require(await Self.ids(client, key).first)
      for input in [label, row] {
        await client.check(
          200, "PATCH", "/api/images/\(image)", key: key, body: #"{"labels":[]}"#)
        let changed = await client.check(
          200, "PATCH", "/api/images/\(image)", key: key, body: #"{"labels":[\#(input)]}"#)
        #expect(changed["labels"] == .array([try JSONParser.parse(label)]), "\(changed)")
        #expect(changed["rows"] == .array([try JSONParser.parse(row)]), "\(changed)")
      }
      let detail = await client.check(200, "GET", "/api/images/\(image)", key: key)
      #expect(detail["labels"] == .array([try JSONParser.parse(label)]))
      #expect(detail["properties"]?["classIds"]?.elements?.count == 1)
      let metadata = await client.check(
        200, "PATCH", "/api/images/\(image)", key: key, body: #"{"metadata":{"place":"home"}}"#)
      #expect(metadata["metadata"]?["place"]?.string == "home")
      #expect(
        await client.check(200, "GET", "/api/images/\(image)", key: key)["metadata"]?["place"]?
          .string == "home")
      for labels in [#"[{}]"#, #"[{"classId":9}]"#, #"[{"classId":-1}]"#, #"["x"]"#, "[[[]]]"] {
        await client.check(
          400, "PATCH", "/api/images/\(image)", key: key, body: #"{"labels":\#(labels)}"#)
      }
    }
  }

  @Test func imagesAreInEveryOrderAndPageByPage() async throws {
    try await Self.serving(images: 25) { client, key, _ in
      for order in [
        "newest", "oldest", "name-asc", "name-desc", "height-asc", "height-desc", "width-asc",
        "width-desc", "size-asc", "size-desc", "labels-asc", "labels-desc",
      ] {
        let all = await client.check(
          200, "GET", Self.path + "/images?sort=\(order)", key: key)
        let names = (all["images"]?.elements ?? []).compactMap { $0["name"]?.string }
        #expect(Set(names).count == 25)
        var paged: [String] = []
        var cursor = ""
        while true {
          let page = await client.check(
            200, "GET", Self.path + "/images?sort=\(order)&limit=7&cursor=\(cursor)", key: key)
          paged += (page["images"]?.elements ?? []).compactMap { $0["name"]?.string }
          guard let next = page["nextCursor"]?.string else { break }
          cursor = next
        }
        #expect(paged == names, "\(order)")
        let part = await client.check(
          200, "GET", Self.path + "/images?sort=\(order)&limit=5&offset=20", key: key)
        #expect(
          (part["images"]?.elements ?? []).compactMap { $0["name"]?.string }
            == Array(names[20...]), "\(order)")
        if order == "name-asc" { #expect(names == names.sorted()) }
      }
      let bare = await client.check(
        200, "GET", Self.path + "/images?includeTotal=false&hasError=true", key: key)
      #expect(bare["total"] == nil && bare["images"]?.elements == [])
      for query in ["sort=size", "classIds=x", "classIds=1,a", "limit=0", "offset=-1"] {
        await client.check(400, "GET", Self.path + "/images?\(query)", key: key)
      }
    }
  }

  @Test func statisticsAreOfAllImages() async throws {
    try await Self.serving { client, key, _ in
      let first = await client.check(200, "GET", Self.path + "/class-stats", key: key)
      #expect(first["cached"] == .bool(false) && first["sampleSize"] == nil)
      let images = first["imageStats"]
      #expect(images?["formatDistribution"]?["png"]?.int == 10 && images?["total"]?.int == 10)
      func total(_ name: String) -> Int {
        (images?[name]?.elements ?? []).compactMap { $0["count"]?.int }.reduce(0, +)
      }
      for name in ["width", "height", "fileSize", "objectsPerImage"] {
        #expect(total("\(name)Histogram") == 10, "\(name)")
      }
      for name in ["bboxWidth", "bboxHeight", "bboxWidthNorm", "bboxHeightNorm"] {
        #expect(total("\(name)Histogram") == 20, "\(name)")
      }
      #expect(first["locationHeatmap"]?["maxCount"]?.int == 10)
      #expect(first["dimensionHeatmap"]?["maxWidth"]?.int == 16)
      let again = await client.check(200, "GET", Self.path + "/class-stats", key: key)
      #expect(again["cached"] == .bool(true))
      let image = try #require(await Self.ids(client, key).first)
      await client.check(200, "DELETE", "/api/images/\(image)", key: key)
      let after = await client.check(200, "GET", Self.path + "/class-stats", key: key)
      #expect(after["cached"] == .bool(false) && after["imageStats"]?["total"]?.int == 9)
      let empty = try await DatasetTests.create("empty", client, key: key)
      #expect(!empty.isEmpty)
      await client.check(200, "GET", "/api/datasets/alice/empty/class-stats", key: key)
    }
  }

  /// What of a file the dataset has already, and what its classes become.
  @Test func conflictsAndClassesOfAFile() async throws {
    try await Self.serving { client, key, _ in
      let id = try #require(
        await client.check(200, "GET", Self.path, key: key)["dataset"]?["id"]?.string)
      func ingest(
        _ images: [(String, UInt8)], names: String = "[a, b, c]", _ more: String
      ) async throws -> JSONValue {
        var entries = [ArchiveWriter.Entry("data.yaml", "train: images\nnames: \(names)\n")]
        for (name, shade) in images {
          entries.append(DatasetTests.entry("images/\(name).png", try DatasetTests.png(shade)))
          entries.append(ArchiveWriter.Entry("labels/\(name).txt", "1 0.5 0.5 0.25 0.25\n"))
        }
        return try await DatasetTests.ingest(
          try DatasetTests.archive(entries), into: "shapes", id: id, more: more, client, key: key)
      }
      func count(_ detail: JSONValue) -> Int? { detail["dataset"]?["imageCount"]?.int }
      // The content of 0, the name of 1, and a new one.
      let images: [(String, UInt8)] = [("0", 0), ("1", 101), ("30", 130)]
      let skip = try await ingest(images, #","conflictPolicy":"skip""#)
      #expect(count(skip) == 11 && skip["ingest"]?["repeatedCount"]?.int == 2)
      let both = try await ingest(images, #","conflictPolicy":"keep_both""#)
      #expect(count(both) == 14 && both["ingest"]?["addedCount"]?.int == 3)
      let replaced = try await ingest(images, #","conflictPolicy":"replace""#)
      // The image of the name 1 gives way to that of the same name and other content.
      #expect((count(replaced) ?? 0) <= 13, "\(replaced)")
      let list = await client.check(
        200, "GET", Self.path + "/images?search=0.png&sort=oldest", key: key)
      #expect(
        list["images"]?.elements?.first?["rows"]
          == .array([try JSONParser.parse("[1,0.5,0.5,0.25,0.25]")]))
      let mapped = try await ingest(
        [("40", 140)], names: "[x, y]", #","classMapping":{"x":null,"y":2}"#)
      #expect(mapped["dataset"]?["classNames"]?.elements?.count == 3)
      let new = await client.check(200, "GET", Self.path + "/images?search=40", key: key)
      #expect(
        new["images"]?.elements?.first?["labels"]?.elements?.first?["classId"]?.int == 2)
      let named = try await ingest(
        [("41", 141)], names: "[x, y]", #","classMapping":{"x":"a","y":"new"}"#)
      #expect(
        named["dataset"]?["classNames"]?.elements?.compactMap(\.string) == ["a", "b", "c", "new"])
      let unknown = try await ingest([("42", 142)], #","classMapping":{"b":9}"#)
      #expect(unknown["dataset"]?["status"]?.string == "failed")
      #expect(
        unknown["dataset"]?["processingError"]?["message"]?.string?.contains("classMapping")
          == true)
      let session = try await DatasetTests.upload([0], for: id, client, key: key)
      for more in [#""conflictPolicy":"all""#, #""classMapping":{"a":-1}"#, #""classMapping":[]"#] {
        await client.check(
          400, "POST", Self.path + "/ingest", key: key,
          body: #"{"sessionId":"\#(session)",\#(more)}"#)
      }
    }
  }

  @Test func imagesAreAdopted() async throws {
    try await Self.serving(images: 3) { client, key, accounts in
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      let ids = await Self.ids(client, key)
      _ = try await DatasetTests.create("to", more: #","classNames":["c"]"#, client, key: key)
      func adopt(
        _ ids: [String], _ more: String = "", _ status: Int = 200
      ) async -> Int? {
        await client.check(
          status, "POST", "/api/datasets/alice/to/images/adopt", key: key,
          body: Self.body(ids, more))["adopted"]?.int
      }
      func labels(_ name: String) async -> String {
        let list = await client.check(
          200, "GET", "/api/datasets/alice/to/images?search=\(name)", key: key)
        return list["images"]?.elements?.first?["rows"].map { JSONWriter.text($0) } ?? ""
      }
      #expect(await adopt([ids[0]]) == 1)
      #expect(await labels("0.png") == "[]")
      // What is there already stays, here and there.
      #expect(await adopt([ids[0]], #","release":true"#) == 0)
      await client.check(200, "GET", "/api/images/\(ids[0])", key: key)
      #expect(await adopt([ids[1]], #","release":true"#) == 1)
      await client.check(404, "GET", "/api/images/\(ids[1])", key: key)
      // Classes are told by their names: b is new, c was 2 and is 0.
      #expect(await labels("1.png").contains("[1,0.5,0.5,0.1,0.1],[0,0.25"))
      #expect(await adopt([ids[2]], #","classMapping":{"c":null}"#) == 1)
      #expect(await labels("2.png") == "[]")
      let detail = await client.check(200, "GET", "/api/datasets/alice/to", key: key)
      #expect(
        detail["dataset"]?["classNames"]?.elements?.compactMap(\.string) == ["c", "b"])
      // All or none; nothing of others.
      #expect(await adopt([ids[2], ids[1]], "", 404) == nil)
      let other = await client.check(
        201, "POST", "/api/datasets", key: bob, body: #"{"name":"bobs"}"#)
      #expect(other["dataset"]?.string == "bobs")
      await client.check(
        404, "POST", "/api/datasets/bobby/bobs/images/adopt", key: bob, body: Self.body([ids[0]]))
      await client.check(
        404, "POST", "/api/datasets/alice/to/images/adopt", key: bob, body: Self.body([ids[0]]))
    }
  }

  @Test func modelsPredictLabelsOfImages() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let id = try await DatasetTests.create(
        "shapes", more: #","task":"detect""#, client, key: key)
      let names = try Self.classNames()
      let photo = Array(try Data(contentsOf: PageServer.weights.appending(path: "shapes.jpg")))
      let weights = Array(
        try Data(contentsOf: PageServer.weights.appending(path: "shapes-detect.pt")))
      try await DatasetTests.ingest(
        try DatasetTests.archive([
          DatasetTests.entry("images/shapes.jpg", photo),
          ArchiveWriter.Entry(
            "data.yaml", "train: images\nnames: [other, \(names.joined(separator: ", "))]\n"),
          ArchiveWriter.Entry("labels/shapes.txt", "0 0.5 0.5 0.1 0.1\n"),
        ]), into: "shapes", id: id, client, key: key)
      let image = try #require(await Self.ids(client, key).first)
      let project = await client.check(
        201, "POST", "/api/projects", key: key, body: #"{"name":"My"}"#)
      let form = LiveServer.form(
        [("projectId", project["id"]?.string ?? ""), ("name", "det")], file: weights,
        path: "/api/models", headers: ["Authorization: Bearer \(key)", "Connection: close"])
      let uploaded = await LiveServer.exchange(form, port: client.port)
      #expect(uploaded.hasPrefix("HTTP/1.1 201"), "\(uploaded)")
      let path = "/api/images/\(image)/predict"
      let predicted = await client.check(
        200, "POST", path, key: key, body: #"{"modelId":"ul://alice/my/det"}"#)
      let labels = predicted["predictions"]?.elements ?? []
      #expect(
        !labels.isEmpty && labels.allSatisfy { ($0["classId"]?.int ?? 0) > 0 }, "\(predicted)")
      #expect(labels.allSatisfy { $0["bbox"]?.elements?.count == 4 })
      for (status, body) in [
        (404, #"{"modelId":"ul://alice/my/none"}"#), (400, #"{"modelId":"alice/my/det"}"#),
        (400, #"{"modelId":"ul://alice/my/det","confidence":0}"#),
        (400, #"{"modelId":"ul://alice/my/det","iou":1}"#), (400, "{}"),
      ] {
        await client.check(status, "POST", path, key: key, body: body)
      }
      await client.check(
        200, "POST", "/api/datasets/alice/shapes/classes/delete", key: key,
        body: #"{"classIds":\#(Array(1...names.count))}"#)
      await client.check(
        422, "POST", path, key: key, body: #"{"modelId":"ul://alice/my/det"}"#)
      let models = await client.check(
        200, "GET", "/api/datasets/alice/shapes/models", key: key)
      #expect(models["count"]?.int == 0)
      let database = try DatabaseQueue(path: accounts.database.path)
      try await database.write {
        try $0.execute(sql: "UPDATE model SET dataset = ?", arguments: [id])
      }
      let trained = await client.check(
        200, "GET", "/api/datasets/alice/shapes/models", key: key)
      #expect(trained["models"]?.elements?.first?["model"]?.string == "det")
    }
  }

  /// The classes of the shipped model for detection.
  private static func classNames() throws -> [String] {
    let model = try Model(
      path: PageServer.weights.appending(path: "shapes-detect.pt").path(percentEncoded: false))
    return model.names.ids.map { model.names.label(of: $0) }
  }
}
#endif
