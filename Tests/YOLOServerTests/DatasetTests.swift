#if Server
import Foundation
import GRDB
import JSONText
import Testing
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOServer
import YOLOServerOptions
import YOLOTestSupport

/// Datasets, as clients see them.
@Suite struct DatasetTests {
  // MARK: Files and what clients do with them

  /// An image of a gray of its own.
  static func png(_ shade: UInt8) throws -> [UInt8] {
    let size = Size(width: 16, height: 12)
    return try ImageWriter.png(
      try Image(size: size, pixels: [UInt8](repeating: shade, count: 3 * 16 * 12)))
  }

  static func entry(_ name: String, _ bytes: [UInt8]) -> ArchiveWriter.Entry {
    var entry = ArchiveWriter.Entry(name)
    entry.content = bytes
    return entry
  }

  /// The rows of labels of the images of a set, and what the export has of them.
  static let rows: [VisionTask: (text: String, lines: [String])] = [
    .detect: ("1 0.5 0.25 0.2 0.1\n", ["[1,0.5,0.25,0.2,0.1]"]),
    .segment: ("0 0.1 0.1 0.5 0.1 0.5 0.5\n", ["[0,0.1,0.1,0.5,0.1,0.5,0.5]"]),
    .pose: ("0 0.5 0.5 0.2 0.2 0.3 0.4 2 0 0 0\n", ["[0,0.5,0.5,0.2,0.2,0.3,0.4,2,0,0,0]"]),
    .obb: (
      "0 0 0 0.5 0 0.5 1 0 1\n1 0 0 1 0 1 1 0 1\n",
      ["[0,0,0,0.5,0,0.5,1,0,1]", "[1,0,0,1,0,1,1,0,1]"]
    ),
  ]

  /// A set of three images for training and one to evaluate with.
  static func set(_ task: VisionTask) throws -> [ArchiveWriter.Entry] {
    var entries: [ArchiveWriter.Entry] = []
    for index in 0..<4 {
      let split = index == 3 ? "val" : "train"
      let image = try png(UInt8(40 * index + 10))
      guard let rows = rows[task] else {
        entries.append(entry("set/\(split)/\(index % 2 == 0 ? "cat" : "dog")/\(index).png", image))
        continue
      }
      entries.append(entry("set/images/\(split)/\(index).png", image))
      entries.append(ArchiveWriter.Entry("set/labels/\(split)/\(index).txt", rows.text))
    }
    if task != .classify {
      let keypoints = task == .pose ? "kpt_shape: [2, 3]\nflip_idx: [1, 0]\n" : ""
      entries.append(
        ArchiveWriter.Entry(
          "set/data.yaml",
          "path: /home/me/set\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n"
            + keypoints))
    }
    return entries
  }

  static func archive(
    _ entries: [ArchiveWriter.Entry], _ format: ArchiveWriter.Format = .deflatedZip,
    passphrase: String? = nil
  ) throws -> [UInt8] {
    let directory = try TemporaryDirectory()
    let path = directory.path(of: "archive")
    try ArchiveWriter.write(entries, format, passphrase: passphrase, to: path)
    return Array(try Data(contentsOf: URL(filePath: path)))
  }

  /// What follows the host of an address.
  static func path(of address: String?) throws -> String {
    let url = try #require(address.flatMap { URL(string: $0) })
    return url.path + (url.query.map { "?\($0)" } ?? "")
  }

  /// Sends bytes to a signed address.
  static func put(
    _ bytes: [UInt8], to address: String?, _ client: PlatformClient
  ) async throws {
    let head =
      "PUT \(try path(of: address)) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
      + "Content-Length: \(bytes.count)\r\n\r\n"
    let answer = await LiveServer.exchange(Array(head.utf8) + bytes, port: client.port)
    #expect(answer.hasPrefix("HTTP/1.1 200"), "\(answer)")
  }

  /// Uploads a file for a dataset; returns the session.
  static func upload(
    _ bytes: [UInt8], named name: String = "set.zip", for id: String, _ client: PlatformClient,
    key: String
  ) async throws -> String {
    let begun = await client.check(
      200, "POST", "/api/upload/signed-url", key: key,
      body: #"{"assetType":"datasets","assetId":"\#(id)","filename":"\#(name)","#
        + #""contentType":"application/zip","totalBytes":\#(bytes.count)}"#)
    try await put(bytes, to: begun["uploadUrl"]?.string, client)
    let session = try #require(begun["sessionId"]?.string)
    await client.check(
      200, "POST", "/api/upload/complete", key: key, body: #"{"sessionId":"\#(session)"}"#)
    return session
  }

  /// Adds a file to a dataset of alice's, and waits for it; returns what became of both.
  @discardableResult
  static func ingest(
    _ bytes: [UInt8], named name: String = "set.zip", into slug: String, id: String,
    more: String = "", owner: String = "alice", _ client: PlatformClient, key: String
  ) async throws -> JSONValue {
    let session = try await upload(bytes, named: name, for: id, client, key: key)
    let accepted = await client.check(
      201, "POST", "/api/datasets/\(owner)/\(slug)/ingest", key: key,
      body: #"{"sessionId":"\#(session)"\#(more)}"#)
    #expect(accepted["status"]?.string == "queued")
    return try await whenReady(slug, owner: owner, client, key: key)
  }

  /// Waits as the clients do, until a dataset is no longer in processing.
  static func whenReady(
    _ slug: String, owner: String = "alice", _ client: PlatformClient, key: String
  ) async throws -> JSONValue {
    while true {
      let detail = await client.check(200, "GET", "/api/datasets/\(owner)/\(slug)", key: key)
      if detail["dataset"]?["status"]?.string != "processing" { return detail }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  static func create(
    _ name: String, more: String = "", _ client: PlatformClient, key: String
  ) async throws -> String {
    let created = await client.check(
      201, "POST", "/api/datasets", key: key, body: #"{"name":"\#(name)"\#(more)}"#)
    return try #require(created["data"]?["id"]?.string)
  }

  /// Reads an export, line by line.
  static func lines(
    _ export: JSONValue?, _ client: PlatformClient
  ) async throws -> [String] {
    let address = try path(of: export?["downloadUrl"]?.string)
    let answer = await client.call("GET", address)
    #expect(answer.status == 200)
    return answer.text.split(separator: "\n").map(String.init)
  }

  // MARK: Tests

  @Test func theThreeCallsOfTheFirstDocuments() async throws {
    try await PlatformClient.serving { client, key, _ in
      let created = await client.check(
        201, "POST", "/api/datasets", key: key,
        body: #"{"name":"My Dataset","task":"segment","description":"d"}"#)
      let id = try #require(created["data"]?["id"]?.string)
      #expect(id.wholeMatch(of: /dataset_[0-9a-f]{24}/) != nil)
      #expect(created["id"]?.string == id && created["dataset"]?.string == "my-dataset")
      #expect(created["data"]?["task"]?.string == "segment")
      let list = await client.check(200, "GET", "/api/datasets?task=segment", key: key)
      #expect(list["meta"]?["total"]?.int == 1)
      #expect(list["data"]?.elements?.first?["imageCount"]?.int == 0)
      let other = await client.check(200, "GET", "/api/datasets?task=pose", key: key)
      #expect(other["data"]?.elements == [])
      await client.check(400, "GET", "/api/datasets?task=segmentation", key: key)
      #expect(
        await client.check(200, "GET", "/api/datasets/\(id)", key: key)["data"]?["status"]?.string
          == "ready")
      let deleted = await client.check(200, "DELETE", "/api/datasets/\(id)", key: key)
      #expect(deleted["data"]?["id"]?.string == id)
      await client.check(404, "GET", "/api/datasets/\(id)", key: key)
      let trash = await client.check(200, "GET", "/api/trash?type=dataset", key: key)
      #expect(trash["total"]?.int == 1 && trash["data"]?.elements?.first?["id"]?.string == id)
      await client.check(
        200, "POST", "/api/trash", key: key, body: #"{"itemId":"\#(id)","type":"dataset"}"#)
      await client.check(200, "GET", "/api/datasets/\(id)", key: key)
    }
  }

  /// What was uploaded comes back, number for number, for whoever trains from it.
  @Test(arguments: VisionTask.labeled) func anUploadComesBackAsLines(task: VisionTask) async throws
  {
    try await PlatformClient.serving { client, key, _ in
      let id = try await Self.create("shapes", client, key: key)
      let format = task == .obb ? ArchiveWriter.Format.compressedTar : .deflatedZip
      let detail = try await Self.ingest(
        try Self.archive(try Self.set(task), format),
        named: task == .obb ? "set.tar.gz" : "set.zip", into: "shapes", id: id, client, key: key)
      let dataset = detail["dataset"]
      #expect(dataset?["task"]?.string == task.rawValue && dataset?["imageCount"]?.int == 4)
      #expect(dataset?["splits"]?["train"]?.int == 3 && dataset?["splits"]?["val"]?.int == 1)
      #expect(dataset?["classNames"]?.elements?.compactMap(\.string) == ["cat", "dog"])
      #expect(detail["ingest"]?["status"]?.string == "completed")
      #expect(detail["ingest"]?["addedCount"]?.int == 4)
      let faults = detail["ingest"]?["faults"]?.elements ?? []
      #expect(!faults.contains { $0["severity"]?.string == "error" }, "\(faults)")
      let export = await client.check(200, "GET", "/api/datasets/alice/shapes/export", key: key)
      #expect(export["cached"] == .bool(false) && export["format"]?.string == "ndjson")
      // Clients call their directory after the last segment of the address.
      #expect(try Self.path(of: export["downloadUrl"]?.string).contains(/\/shapes\.ndjson\?/))
      let lines = try await Self.lines(export, client)
      #expect(lines.count == 5)
      let header = try JSONParser.parse(lines[0])
      #expect(header["task"]?.string == task.rawValue)
      #expect(header["class_names"]?["1"]?.string == "dog")
      #expect(header["url"]?.string == "http://test/alice/datasets/shapes")
      #expect((header["kpt_shape"] != nil) == (task == .pose))
      for line in lines.dropFirst() {
        let image = try JSONParser.parse(line)
        let file = try #require(image["file"]?.string)
        #expect(image["width"]?.int == 16 && image["height"]?.int == 12)
        #expect(image["split"]?.string == (file == "3.png" ? "val" : "train"))
        let expected = Self.rows[task]?.lines ?? [["0.png", "2.png"].contains(file) ? "0" : "1"]
        #expect(line.contains(":[\(expected.joined(separator: ","))]}"), "\(line)")
        let address = try Self.path(of: image["url"]?.string)
        #expect(address.contains(/\/[0-9a-f]{32}\.png\?/))
        #expect(await client.call("HEAD", address).status == 200)
        #expect(await client.call("GET", address + "0").status == 403)
      }
      // The same lines, as nothing has changed.
      let again = await client.check(
        200, "POST", "/api/datasets/\(id)/export", key: key, body: "{}")
      #expect(again["data"]?["cached"] == .bool(true))
      let sameLines = try await Self.lines(again["data"], client)
      #expect(sameLines == lines)
    }
  }

  @Test func whatIsDamagedIsNamedAndFailsNothingElse() async throws {
    try await PlatformClient.serving { client, key, _ in
      let id = try await Self.create("shapes", client, key: key)
      var entries = try Self.set(.detect)
      entries += [
        ArchiveWriter.Entry("set/images/train/bad.jpg", "no image"),
        Self.entry("set/images/train/odd.png", try Self.png(200)),
        ArchiveWriter.Entry("set/labels/train/odd.txt", "0 0.5 0.5 0.1 0.1\n\n9 0.5 0.5 0.1 0.1\n"),
        ArchiveWriter.Entry("../evil.txt", "x"),
        ArchiveWriter.Entry(link: "set/images/train/link.png", to: "/etc/passwd"),
      ]
      let detail = try await Self.ingest(
        try Self.archive(entries), into: "shapes", id: id, client, key: key)
      #expect(detail["dataset"]?["status"]?.string == "ready")
      #expect(detail["dataset"]?["imageCount"]?.int == 4)
      #expect(detail["ingest"]?["errorCount"]?.int == 2)
      let faults = (detail["ingest"]?["faults"]?.elements ?? []).map { fault in
        "\(fault["severity"]?.string ?? "") \(fault["file"]?.string ?? "") "
          + "\(fault["line"]?.int ?? 0)"
      }
      #expect(
        faults == [
          "warning ../evil.txt 0", "warning set/images/train/link.png 0",
          "error set/images/train/bad.jpg 0", "error set/labels/train/odd.txt 3",
        ])
      let images = await client.check(
        200, "GET", "/api/datasets/alice/shapes/images", key: key)
      #expect(images["errorCount"]?.int == 2 && images["total"]?.int == 4)
      // What is there already is no second time there; new classes come behind the others.
      var more = try Self.set(.detect).filter { !$0.name.hasSuffix(".yaml") }
      more += [
        Self.entry("set/images/train/5.png", try Self.png(250)),
        ArchiveWriter.Entry("set/labels/train/5.txt", "0 0.5 0.5 0.1 0.1\n"),
        ArchiveWriter.Entry(
          "set/data.yaml", "train: images/train\nval: images/val\nnames: [bird, dog]\n"),
      ]
      let second = try await Self.ingest(
        try Self.archive(more, .tar), named: "more.tar", into: "shapes", id: id,
        more: #","targetSplit":"test""#, client, key: key)
      #expect(second["ingest"]?["addedCount"]?.int == 1)
      #expect(second["ingest"]?["repeatedCount"]?.int == 4)
      #expect(
        second["dataset"]?["classNames"]?.elements?.compactMap(\.string) == ["cat", "dog", "bird"])
      let counts = await client.check(
        200, "GET", "/api/datasets/alice/shapes/class-stats", key: key)
      #expect(counts["classes"]?.elements?.compactMap { $0["count"]?.int } == [0, 4, 1])
      #expect(counts["imageStats"]?["test"]?.int == 1)
      // A file that is none fails alone.
      let third = try await Self.ingest(
        Array("no archive".utf8), into: "shapes", id: id, client, key: key)
      #expect(third["dataset"]?["status"]?.string == "failed")
      let reason = third["dataset"]?["processingError"]?["message"]?.string ?? ""
      #expect(reason.hasPrefix("set.zip cannot be unpacked"), "\(reason)")
      #expect(third["dataset"]?["imageCount"]?.int == 5)
      let storage = await client.check(200, "GET", "/api/storage", key: key)
      // The archives are gone, the five images are left.
      #expect(storage["data"]?["used"] == third["dataset"]?["totalBytes"])
    }
  }

  /// Keypoints of another shape cannot be those of the same set.
  @Test func keypointsOfAnotherShapeAreRefused() async throws {
    try await PlatformClient.serving { client, key, _ in
      let id = try await Self.create("poses", client, key: key)
      try await Self.ingest(
        try Self.archive(try Self.set(.pose)), into: "poses", id: id, client, key: key)
      let other = try await Self.ingest(
        try Self.archive([
          ArchiveWriter.Entry("data.yaml", "train: images\nnames: [cat]\nkpt_shape: [1, 3]\n"),
          Self.entry("images/9.png", try Self.png(99)),
          ArchiveWriter.Entry("labels/9.txt", "0 0.5 0.5 0.2 0.2 0.3 0.4 2\n"),
        ]), into: "poses", id: id, client, key: key)
      #expect(other["dataset"]?["status"]?.string == "failed")
      let reason = other["dataset"]?["processingError"]?["message"]?.string ?? ""
      #expect(reason.contains("[1, 3]") && reason.contains("[2, 3]"), "\(reason)")
      #expect(other["dataset"]?["imageCount"]?.int == 4)
    }
  }

  @Test func imagesAreListedChangedAndDeleted() async throws {
    try await PlatformClient.serving { client, key, _ in
      let id = try await Self.create("shapes", client, key: key)
      try await Self.ingest(
        try Self.archive(try Self.set(.detect)), into: "shapes", id: id, client, key: key)
      let path = "/api/datasets/alice/shapes/images"
      let first = await client.check(200, "GET", path + "?limit=3&sort=oldest", key: key)
      #expect(first["images"]?.elements?.count == 3 && first["hasMore"] == .bool(true))
      let cursor = try #require(first["nextCursor"]?.string)
      let rest = await client.check(
        200, "GET", path + "?limit=3&sort=oldest&cursor=\(cursor)", key: key)
      #expect(rest["images"]?.elements?.compactMap { $0["filename"]?.string } == ["3.png"])
      #expect(rest["hasMore"] == .bool(false))
      let val = await client.check(200, "GET", path + "?split=val&labeled=true", key: key)
      #expect(val["total"]?.int == 1)
      await client.check(400, "GET", path + "?split=training", key: key)
      let image = try #require(first["images"]?.elements?.first?["id"]?.string)
      let before = await client.check(200, "GET", "/api/images/\(image)", key: key)
      #expect(before["labels"]?.elements?.count == 1 && before["task"]?.string == "detect")
      let changed = await client.check(
        200, "PATCH", "/api/images/\(image)", key: key,
        body: #"{"split":"val","labels":[[0,0.5,0.5,0.1,0.1],[1,0.1,0.2,0.1,0.1]]}"#)
      #expect(changed["labelCount"]?.int == 2 && changed["split"]?.string == "val")
      for labels in [
        "[[2,0.5,0.5,0.1,0.1]]", "[[0,0.5,0.5,0.1]]", "[[0.5,0.5,0.5,0.1,0.1]]",
        "[[0,0.5,1.5,0.1,0.1]]", "[[]]", "[[-1,0.5,0.5,0.1,0.1]]", "[[1e400,0,0,0,0]]",
      ] {
        await client.check(
          400, "PATCH", "/api/images/\(image)", key: key, body: #"{"labels":\#(labels)}"#)
      }
      let detail = await client.check(200, "GET", "/api/datasets/alice/shapes", key: key)
      #expect(detail["dataset"]?["annotationCount"]?.int == 5)
      #expect(detail["dataset"]?["splits"]?["val"]?.int == 2)
      await client.check(200, "DELETE", "/api/images/\(image)", key: key)
      await client.check(404, "GET", "/api/images/\(image)", key: key)
      await client.check(404, "DELETE", "/api/images/\(image)", key: key)
      let url = try Self.path(of: first["images"]?.elements?.first?["url"]?.string)
      #expect(await client.call("GET", url).status == 404)
    }
  }

  @Test func ownersVisitorsAndScopes() async throws {
    try await PlatformClient.serving { client, alice, accounts in
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      for (name, visibility) in [("open", "public"), ("secret", "private")] {
        let id = try await Self.create(
          name, more: #","visibility":"\#(visibility)""#, client, key: alice)
        try await Self.ingest(
          try Self.archive(try Self.set(.detect)), into: name, id: id, client, key: alice)
        // Nobody uploads for somebody else's set.
        await client.check(
          name == "open" ? 403 : 404, "POST", "/api/upload/signed-url", key: bob,
          body: #"{"assetType":"datasets","assetId":"\#(id)","filename":"a.zip","#
            + #""contentType":"application/zip","totalBytes":1}"#)
      }
      let summary = await client.check(200, "GET", "/api/account/summary", key: alice)
      #expect(JSONWriter.text(summary).contains(#""datasets":2"#), "\(summary)")
      for (query, slugs) in [
        ("", ["open"]), ("type=datasets&q=PE&task=detect", ["open"]), ("type=projects", []),
        ("type=datasets&task=pose", []), ("q=secret", []),
        ("sort=count-desc&author=alice", ["open"]),
      ] as [(String, [String])] {
        let found = await client.check(200, "GET", "/api/explore/search?\(query)")
        #expect(
          found["datasets"]?.elements?.compactMap { $0["slug"]?.string } == slugs, "\(query)")
      }
      for (key, count) in [(alice, 2), (bob, 1), (nil, 1)] as [(String?, Int)] {
        let list = await client.check(200, "GET", "/api/datasets/alice", key: key)
        #expect(list["total"]?.int == count)
        for path in ["", "/images", "/class-stats", "/export"] {
          await client.check(200, "GET", "/api/datasets/alice/open\(path)", key: key)
          await client.check(
            key == alice ? 200 : 404, "GET", "/api/datasets/alice/secret\(path)", key: key)
        }
      }
      let secret = await client.check(
        200, "GET", "/api/datasets/alice/secret/images", key: alice)
      let image = try #require(secret["images"]?.elements?.first?["id"]?.string)
      await client.check(404, "GET", "/api/images/\(image)", key: bob)
      // Addresses without an owner are not open, whatever they are of.
      let open = await client.check(200, "GET", "/api/datasets/alice/open/images")
      for image in [image, try #require(open["images"]?.elements?.first?["id"]?.string)] {
        await client.check(401, "GET", "/api/images/\(image)")
      }
      await client.check(404, "PATCH", "/api/images/\(image)", key: bob, body: "{}")
      for (slug, status) in [("open", 403), ("secret", 404)] {
        let path = "/api/datasets/alice/\(slug)"
        await client.check(status, "PATCH", path, key: bob, body: #"{"name":"x"}"#)
        await client.check(status, "DELETE", path, key: bob)
        await client.check(
          status, "POST", path + "/ingest", key: bob, body: #"{"sessionId":"x"}"#)
      }
      // A copy shares the files.
      let before = await client.check(200, "GET", "/api/storage", key: alice)
      let cloned = await client.check(
        201, "POST", "/api/datasets/alice/open/clone", key: alice,
        body: #"{"dataset":"copy","name":"Copy"}"#)
      #expect(cloned["name"]?.string == "Copy" && cloned["imageCount"]?.int == 4)
      let copy = await client.check(200, "GET", "/api/datasets/alice/copy", key: alice)
      #expect(copy["dataset"]?["imageCount"]?.int == 4)
      let after = await client.check(200, "GET", "/api/storage", key: alice)
      #expect(before["data"]?["used"] == after["data"]?["used"])
      await client.check(
        409, "POST", "/api/datasets/alice/open/clone", key: alice, body: #"{"dataset":"copy"}"#)
    }
  }

  @Test func plansLimitWhatIsUploadedForADataset() async throws {
    try await PlatformClient.serving { client, _, accounts in
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      let id = try await Self.create("large", client, key: bob)
      for (bytes, status) in [(10 << 30, 200), (10 << 30 + 1, 403), (1 << 50, 403)] {
        let answer = await client.check(
          status, "POST", "/api/upload/signed-url", key: bob,
          body: #"{"assetType":"datasets","assetId":"\#(id)","filename":"a.zip","#
            + #""contentType":"application/zip","totalBytes":\#(bytes)}"#)
        guard status == 403 else { continue }
        #expect(answer["error"]?.string?.hasPrefix("A file for a dataset may have ") == true)
        #expect(answer["details"]?["limit"]?.int == 10 << 30)
      }
    }
  }

  /// What fails in the middle is taken up again, and nothing is there twice.
  @Test func workThatFailsIsTakenUpAgain() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let id = try await Self.create("many", client, key: key)
      var entries = [
        ArchiveWriter.Entry("data.yaml", "train: images\nval: images\nnames: [a]\n")
      ]
      for index in 0..<80 {
        entries.append(Self.entry("images/\(index).png", try Self.png(UInt8(index))))
        entries.append(ArchiveWriter.Entry("labels/\(index).txt", "0 0.5 0.5 0.1 0.1\n"))
      }
      let database = try DatabaseQueue(path: accounts.database.path)
      try await database.write { database in
        try database.execute(
          sql: """
            CREATE TRIGGER broken BEFORE INSERT ON image
              WHEN (SELECT count(*) FROM image) >= 40
              BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END
            """)
      }
      let session = try await Self.upload(
        try Self.archive(entries), for: id, client, key: key)
      await client.check(
        201, "POST", "/api/datasets/alice/many/ingest", key: key,
        body: #"{"sessionId":"\#(session)"}"#)
      // The first images are there.
      while true {
        let detail = await client.check(200, "GET", "/api/datasets/alice/many", key: key)
        #expect(detail["dataset"]?["status"]?.string == "processing")
        if detail["dataset"]?["imageCount"]?.int == 32 { break }
        try await Task.sleep(for: .milliseconds(20))
      }
      let busy = await client.call("GET", "/api/datasets/alice/many/export", key: key)
      #expect(busy.status == 409)
      #expect(busy.header("Retry-After").flatMap(Int.init).map { (5...60).contains($0) } == true)
      // What has waited for long is asked for less often.
      try await database.write {
        try $0.execute(
          sql: "UPDATE ingest SET created = created - 1000 WHERE status IN ('queued', 'running')")
      }
      let late = await client.call("GET", "/api/datasets/alice/many/export", key: key)
      #expect(late.status == 409 && late.header("Retry-After") == "60")
      await client.check(409, "DELETE", "/api/datasets/\(id)", key: key)
      try await database.write { try $0.execute(sql: "DROP TRIGGER broken") }
      let detail = try await Self.whenReady("many", client, key: key)
      #expect(detail["dataset"]?["imageCount"]?.int == 80)
      // The images are of both parts: the second time they are there already.
      #expect(detail["ingest"]?["addedCount"]?.int == 80)
      #expect(detail["ingest"]?["repeatedCount"]?.int == 80)
      let storage = await client.check(200, "GET", "/api/storage", key: key)
      #expect(storage["data"]?["used"] == detail["dataset"]?["totalBytes"])
    }
  }

  @Test func exportsThatHadTheirFirstNamesAreMadeAnew() async throws {
    try await StoreFixture.run(plan: .pro) { store in
      let id = "dataset_0123456789abcdef01234567"
      let old = try ObjectReference(.exports, owner: id, name: "set-1-0123456789ab.ndjson")
      _ = try await store.store.put(Array("{}".utf8), as: old, of: store.alice)
      // As it was before exports were called after their datasets.
      try await DatabaseQueue(path: store.database.path).write { database in
        try database.execute(
          sql: """
            INSERT INTO dataset
              (id, account, slug, name, task, isTaskGiven, visibility, status, created, updated)
            VALUES (?, ?, 'set', 'Set', 'detect', 0, 'private', 'ready', 1, 1);
            INSERT INTO datasetExport (dataset, origin, revision, name, created)
            VALUES (?, 'http://test', 1, ?, 1);
            DELETE FROM grdb_migrations WHERE identifier = 'names of dataset exports';
            """, arguments: [id, store.alice.id, id, old.name])
      }
      let database = try PlatformDatabase(directory: store.directory, creates: false)
      let left = try await DatabaseQueue(path: database.path).read {
        try Int.fetchAll(
          $0, sql: "SELECT count(*) FROM datasetExport UNION ALL SELECT count(*) FROM reference")
      }
      #expect(left == [0, 0])
    }
  }
}
#endif
