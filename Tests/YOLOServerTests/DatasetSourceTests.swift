#if Server
import Foundation
import JSONText
import Testing
import YOLOGeometry
import YOLOServer
import YOLOServerOptions

/// Other sources of images than archives: lines of JSON, and addresses.
@Suite struct DatasetSourceTests {
  /// Creates a dataset of an account, and returns its identifier and the text of its export.
  private static func exported(
    _ slug: String, _ task: VisionTask, more: String = "", _ client: PlatformClient, key: String
  ) async throws -> (id: String, text: String) {
    let id = try await DatasetTests.create(slug, more: more, client, key: key)
    try await DatasetTests.ingest(
      try DatasetTests.archive(try DatasetTests.set(task)), into: slug, id: id, client, key: key)
    let export = await client.check(
      200, "GET", "/api/datasets/alice/\(slug)/export", key: key)
    let lines = try await DatasetTests.lines(export, client)
    return (id, lines.joined(separator: "\n") + "\n")
  }

  /// The lines of an export without what names the set, the addresses and the order of the images.
  private static func content(_ text: String) throws -> [String] {
    try text.split(separator: "\n").dropFirst().map { line in
      let value = try JSONParser.parse(String(line))
      let members = (value.members ?? []).filter { $0.key != "url" }
      return JSONWriter.text(.object(members))
    }.sorted()
  }

  @Test(arguments: VisionTask.labeled) func anExportIsTakenInByItsContents(
    task: VisionTask
  ) async throws {
    try await PlatformClient.serving { client, key, _ in
      let (_, text) = try await Self.exported("first", task, client, key: key)
      let id = try await DatasetTests.create("second", client, key: key)
      let before = await client.check(200, "GET", "/api/storage", key: key)
      let detail = try await DatasetTests.ingest(
        Array(text.utf8), named: "set.ndjson", into: "second", id: id, client, key: key)
      #expect(detail["dataset"]?["status"]?.string == "ready", "\(detail)")
      #expect(detail["dataset"]?["task"]?.string == task.rawValue)
      #expect(detail["dataset"]?["imageCount"]?.int == 4)
      #expect(detail["dataset"]?["classNames"]?.elements?.compactMap(\.string) == ["cat", "dog"])
      #expect(detail["ingest"]?["faults"]?.elements == [])
      let export = await client.check(
        200, "GET", "/api/datasets/alice/second/export", key: key)
      let lines = try await DatasetTests.lines(export, client)
      #expect(try Self.content(lines.joined(separator: "\n")) == Self.content(text))
      // The files are shared; the two exports alone take more.
      let after = await client.check(200, "GET", "/api/storage", key: key)
      let images = before["breakdown"]?["byCategory"]?["datasets"]?["bytes"]
      #expect(after["breakdown"]?["byCategory"]?["datasets"]?["bytes"] == images)
    }
  }

  /// Whoever knows the digest of an image that is private to somebody else is not given it.
  @Test func aKnownDigestGivesNothingPrivate() async throws {
    try await PlatformClient.serving { client, key, accounts in
      let bob = try await accounts.create(username: "bobby", plan: .free).key
      let (id, text) = try await Self.exported("mine", .detect, client, key: key)
      let other = try await DatasetTests.create("stolen", client, key: bob)
      func take() async throws -> JSONValue {
        try await DatasetTests.ingest(
          Array(text.utf8), named: "set.ndjson", into: "stolen", id: other, owner: "bobby",
          client, key: bob)
      }
      let refused = try await take()
      #expect(refused["dataset"]?["status"]?.string == "failed")
      #expect(refused["dataset"]?["imageCount"]?.int == 0)
      let faults = refused["ingest"]?["faults"]?.elements ?? []
      #expect(faults.map { $0["line"]?.int } == [2, 3, 4, 5])
      #expect(faults.allSatisfy { $0["kind"]?.string == "unreadable-image" })
      await client.check(
        200, "PATCH", "/api/datasets/alice/mine", key: key, body: #"{"visibility":"public"}"#)
      #expect(try await take()["dataset"]?["imageCount"]?.int == 4)
      // What bob has stays his when alice's is gone.
      await client.check(200, "DELETE", "/api/datasets/\(id)", key: key)
      await client.check(200, "POST", "/api/trash/empty", key: key)
      let list = await client.check(
        200, "GET", "/api/datasets/bobby/stolen/images", key: bob)
      let url = try DatasetTests.path(of: list["images"]?.elements?.first?["url"]?.string)
      #expect(await client.call("HEAD", url).status == 200)
    }
  }

  @Test func badLinesAreNamed() async throws {
    try await PlatformClient.serving { client, key, _ in
      let (_, text) = try await Self.exported("first", .detect, client, key: key)
      let lines = text.split(separator: "\n").map(String.init)
      let image = lines[1]
      func take(_ slug: String, _ text: String, more: String = "") async throws -> JSONValue {
        let id = try await DatasetTests.create(slug, more: more, client, key: key)
        return try await DatasetTests.ingest(
          Array(text.utf8), named: "set.ndjson", into: slug, id: id, client, key: key)
      }
      let bad = [
        ("{", "no object of JSON"), ("[1]", "no object of JSON"),
        (#"{"type":"video"}"#, #""type":"image""#), (#"{"type":"image"}"#, "file must be"),
        (image.replacing(#""split":"train""#, with: #""split":"all""#), "split must be"),
        (image.replacing(#""boxes""#, with: #""segments""#), "the list boxes alone"),
        (image.replacing("[1,0.5,", with: "[7,0.5,"), "class below 2"),
        (image.replacing("[1,0.5,", with: "[1,5.5,"), "coordinates from 0 to 1"),
        (image.replacing("[1,0.5,", with: "[1,null,"), "coordinates"),
        (image.replacing("[1,0.5,", with: "["), "the center and the size"),
        (
          #"{"type":"image","file":"a.png","url":"http://test/none/\#(String(repeating: "0", count: 32)).png"}"#,
          "none of the account"
        ),
      ]
      let mixed = try await take(
        "mixed", ([lines[0], ""] + bad.map(\.0) + [image, ""]).joined(separator: "\r\n"))
      #expect(mixed["dataset"]?["status"]?.string == "ready", "\(mixed)")
      #expect(mixed["dataset"]?["imageCount"]?.int == 1)
      #expect(mixed["ingest"]?["errorCount"]?.int == bad.count)
      let faults = mixed["ingest"]?["faults"]?.elements ?? []
      for (index, (_, reason)) in bad.enumerated() {
        let fault = faults.first { $0["line"]?.int == index + 3 }
        let message = fault?["message"]?.string ?? ""
        #expect(message.hasPrefix("set.ndjson, line \(index + 3): "), "\(faults)")
        #expect(message.contains(reason), "\(message)")
      }
      for (index, (first, reason)) in [
        ("", "no object"), ("{}", "type"), (image, "type"),
        (lines[0].replacing(#""detect""#, with: #""depth""#), "task must be"),
        (lines[0].replacing(#""detect""#, with: #""pose""#), "kpt_shape"),
        (lines[0].replacing(#""class_names":{"#, with: #""class_names":{"x":"y","#), "indices"),
        (lines[0].replacing(#""class_names""#, with: #""names""#), "class_names is missing"),
      ].enumerated() {
        let failed = try await take("bad-\(index)", first + "\n" + image + "\n")
        #expect(failed["dataset"]?["status"]?.string == "failed")
        let message = failed["dataset"]?["processingError"]?["message"]?.string ?? ""
        #expect(message.hasPrefix("set.ndjson, line 1: ") && message.contains(reason), "\(message)")
      }
      let other = try await take("other", text, more: #","task":"segment""#)
      #expect(
        other["dataset"]?["processingError"]?["message"]?.string?.contains("segment") == true)
      let listed = try await take(
        "listed",
        lines[0].replacing(#"{"0":"cat","1":"dog"}"#, with: #"["cat","dog"]"#) + "\n" + image)
      #expect(listed["dataset"]?["imageCount"]?.int == 1, "\(listed)")
      let empty = try await take("empty", "\n")
      #expect(empty["dataset"]?["status"]?.string == "failed")
    }
  }

  @Test func addressesAreFetchedIfTheOperatorAllows() async throws {
    let zip = try DatasetTests.archive(try DatasetTests.set(.segment))
    let png = try DatasetTests.png(77)
    try await withOutboundServer({ exchange in
      let path = exchange.target.prefix { $0 != "?" }
      let body: [UInt8]? =
        switch path {
        case "/set.zip": zip
        case "/77.png": png
        case "/page.png": Array("<html>".utf8)
        default: nil
        }
      guard let body else { return OutboundServer.answer("404 Not Found") }
      return Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
    }) { server in
      let base = "http://127.0.0.1:\(server.port)"
      @Sendable func ask(
        _ url: String, _ status: Int, _ client: PlatformClient, _ key: String
      ) async -> JSONValue {
        await client.check(
          status, "POST", "/api/datasets/alice/far/ingest", key: key,
          body: #"{"sourceUrl":"\#(url)"}"#)
      }
      // By default nothing is fetched.
      try await PlatformClient.serving { client, key, _ in
        _ = try await DatasetTests.create("far", client, key: key)
        let refused = await ask("https://example.org/set.zip", 404, client, key)
        #expect(refused["error"]?.string?.contains("--source-urls") == true)
      }
      // Nothing but TLS to the internet is, unless the operator allows other addresses.
      try await PlatformClient.serving({ $0.fetchesSources = true }) { client, key, _ in
        _ = try await DatasetTests.create("far", client, key: key)
        for url in [base + "/set.zip", "ftp://example.org/set.zip", "file:///etc/passwd", "x"] {
          _ = await ask(url, 400, client, key)
        }
        _ = await ask("https://127.0.0.1:\(server.port)/set.zip", 201, client, key)
        let failed = try await DatasetTests.whenReady("far", client, key: key)
        let message = failed["dataset"]?["processingError"]?["message"]?.string ?? ""
        #expect(message.contains("may connect to"), "\(message)")
        #expect(failed["dataset"]?["status"]?.string == "failed")
      }
      try await PlatformClient.serving({
        $0.fetchesSources = true
        $0.allowedAddresses = "127.0.0.1"
      }) { client, key, accounts in
        let id = try await DatasetTests.create("far", client, key: key)
        _ = await ask(base + "/set.zip?signature=secret", 201, client, key)
        let detail = try await DatasetTests.whenReady("far", client, key: key)
        #expect(detail["dataset"]?["imageCount"]?.int == 4, "\(detail)")
        #expect(detail["dataset"]?["task"]?.string == "segment")
        // What the address had that may be secret is nowhere.
        #expect(!JSONWriter.text(detail).contains("secret"))
        _ = await ask(base + "/none.zip", 201, client, key)
        let missing = try await DatasetTests.whenReady("far", client, key: key)
        #expect(
          missing["dataset"]?["processingError"]?["message"]?.string?.contains("404") == true)
        await client.check(
          400, "POST", "/api/datasets/alice/far/ingest", key: key,
          body: #"{"sourceUrl":"\#(base)/set.zip","sessionId":"x"}"#)
        let lines = """
          {"type":"dataset","task":"segment","class_names":{"0":"cat","1":"dog"}}
          {"type":"image","file":"77.png","url":"\(base)/77.png","split":"val"}
          {"type":"image","file":"page.png","url":"\(base)/page.png","split":"val"}
          {"type":"image","file":"none.png","url":"\(base)/none.png","split":"val"}
          {"type":"image","file":"ten.png","url":"https://10.0.0.1/ten.png","split":"val"}
          """
        let fetched = try await DatasetTests.ingest(
          Array(lines.utf8), named: "far.ndjson", into: "far", id: id, client, key: key)
        #expect(fetched["dataset"]?["imageCount"]?.int == 5, "\(fetched)")
        let faults = fetched["ingest"]?["faults"]?.elements ?? []
        #expect(faults.map { $0["line"]?.int } == [3, 4, 5])
        #expect(faults[1]["message"]?.string?.contains("404") == true)
        #expect(faults[2]["message"]?.string?.contains("may connect to") == true)
        // Nothing that was fetched stays.
        let path = accounts.database.directory + "/ingest"
        while try !FileManager.default.contentsOfDirectory(atPath: path).isEmpty {
          try await Task.sleep(for: .milliseconds(20))
        }
      }
    }
  }
}
#endif
