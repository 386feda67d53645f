#if Server
import Foundation
import Glibc
import JSONText
import Testing
import YOLO
import YOLOServer
import YOLOServerOptions

/// Exports of models: what they make, what they refuse, and what ends them.
@Suite(.serialized) struct ExportTests {
  /// A platform with the model `alice/shapes/my-model`.
  struct Fixture: Sendable {
    let client: PlatformClient
    let key: String
    let model: String
    let accounts: AccountRepository

    static let path = "/api/models/alice/shapes/my-model/exports"

    /// Serves a platform; `exporters` are lines as the option has them.
    static func serving(
      exporters: String? = nil,
      _ change: @escaping @Sendable (inout ServerSettings) -> Void = { _ in },
      _ body: @escaping @Sendable (Fixture) async throws -> Void
    ) async throws {
      let settings: @Sendable (inout ServerSettings) -> Void = {
        $0.exporters = exporters
        $0.program = ServerProcess.program
        change(&$0)
      }
      try await PlatformClient.serving(plan: .enterprise, settings) { client, key, accounts in
        let project = try await ModelWeightsTests.project(client, key)
        let created = await ModelWeightsTests.send(
          201, "/api/models", [("projectId", project), ("name", "My Model")],
          file: try ModelWeightsTests.weights("detect"), key: key, client)
        try await body(
          Fixture(
            client: client, key: key, model: try #require(created["id"]?.string),
            accounts: accounts))
      }
    }

    /// Asks for an export by the later documents; returns its identifier.
    func create(_ format: String, _ args: String = "null") async throws -> String {
      let created = await client.check(
        201, "POST", Self.path, key: key, body: #"{"format":"\#(format)","args":\#(args)}"#)
      #expect(created["status"]?.string == "queued")
      return try #require(created["id"]?.string)
    }

    /// Waits until an export is over, and returns it.
    func over(_ id: String) async throws -> JSONValue {
      while true {
        let shown = await client.check(200, "GET", "/api/exports/\(id)", key: key)
        let export = try #require(shown["data"])
        if !["queued", "running"].contains(export["status"]?.string ?? "") { return export }
        try await Task.sleep(for: .milliseconds(30))
      }
    }

    /// Returns the bytes of an export's file.
    func file(_ export: JSONValue) async throws -> Data {
      let address = try #require(export["file"]?["downloadUrl"]?.string)
      let path = address.replacing("http://test", with: "")
      let request = "GET \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
      let port = client.port
      let answer = await withCheckedContinuation { continuation in
        Thread { continuation.resume(returning: Self.exchange(request, port: port)) }.start()
      }
      let head = try #require(answer.range(of: Data("\r\n\r\n".utf8)))
      try #require(answer.starts(with: Data("HTTP/1.1 200".utf8)))
      return answer[head.upperBound...]
    }

    /// Sends text and returns the bytes that come back until the server closes.
    private static func exchange(_ request: String, port: Int) -> Data {
      let descriptor = LiveServer.connect(port: port)
      guard descriptor >= 0 else { return Data() }
      defer { close(descriptor) }
      _ = request.withCString { send(descriptor, $0, strlen($0), 0) }
      var answer = Data()
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return answer }
        answer.append(contentsOf: buffer[..<count])
      }
    }
  }

  @Test func ownFormatsAreExportedCachedListedAndDeleted() async throws {
    try await Fixture.serving { fixture in
      let (client, key) = (fixture.client, fixture.key)
      let created = await client.check(
        201, "POST", "/api/exports", key: key,
        body: #"{"modelId":"\#(fixture.model)","format":"safetensors"}"#)
      let id = try #require(created["exportId"]?.string)
      #expect(id.wholeMatch(of: /[0-9a-f]{24}/) != nil && created["data"]?["id"]?.string == id)
      let export = try await fixture.over(id)
      #expect(export["status"]?.string == "completed", "\(export)")
      #expect(export["file"]?["downloadFilename"]?.string == "my-model.safetensors")
      let file = try await fixture.file(export)
      #expect(file.count == export["file"]?["size"]?.int && file.count > 10_000)
      try await withKeyDirectory { directory in
        let path = directory.appending(path: "m.safetensors")
        try file.write(to: path)
        #expect(try Model(path: path.path).names.ids.isEmpty == false)
      }
      // The same again is not made again; nor are two files kept.
      let used = await client.check(200, "GET", "/api/storage", key: key)
      let again = try await fixture.over(try await fixture.create("safetensors"))
      #expect(again["status"]?.string == "completed" && again["id"] != export["id"])
      #expect(try await fixture.file(again) == file)
      let storage = await client.check(200, "GET", "/api/storage", key: key)
      #expect(storage["data"]?["used"] == used["data"]?["used"])
      let category = storage["breakdown"]?["byCategory"]?["exports"]
      #expect(category?["count"]?.int == 2 && category?["bytes"]?.int == file.count)

      let plain = try await fixture.over(try await fixture.create("pt"))
      #expect(plain["file"]?["downloadFilename"]?.string == "my-model.pt")
      #expect(Array(try await fixture.file(plain)) == (try ModelWeightsTests.weights("detect")))

      let listed = await client.check(200, "GET", Fixture.path, key: key)
      #expect(
        listed["exports"]?.elements?.map { $0["format"]?.string } == [
          "pt", "safetensors", "safetensors",
        ])
      for (query, count) in [
        ("", 3), ("?status=completed&limit=2", 2), ("?status=failed", 0),
        ("?modelId=\(fixture.model)&page=2&limit=2", 1),
      ] as [(String, Int)] {
        let list = await client.check(200, "GET", "/api/exports\(query)", key: key)
        #expect(list["data"]?.elements?.count == count, "\(query)")
      }
      await client.check(400, "GET", "/api/exports?status=x", key: key)
      await client.check(404, "GET", "/api/exports?modelId=model_0", key: key)
      let detail = await client.check(200, "GET", "\(Fixture.path)/\(id.uppercased())", key: key)
      #expect(detail["export"]?["id"]?.string == id)

      let deleted = await client.check(200, "DELETE", "/api/exports/\(id)", key: key)
      #expect(deleted["data"]?["action"]?.string == "deleted")
      await client.check(404, "GET", "/api/exports/\(id)", key: key)
      #expect(try await fixture.file(again) == file)
      let events = await client.check(200, "GET", "/api/activity", key: key)
      let told = events["data"]?.elements?.compactMap { event in
        event["type"]?.string.map { "\($0) \(event["action"]?.string ?? "")" }
      }
      #expect(told?.prefix(3) == ["export deleted", "model exported", "export created"])

      // The rest goes with the model.
      await client.check(200, "DELETE", "/api/models/\(fixture.model)", key: key)
      await client.check(404, "GET", Fixture.path, key: key)
      let hidden = await client.check(200, "GET", "/api/exports", key: key)
      #expect(hidden["data"]?.elements?.isEmpty == true)
      let trash = await client.check(200, "GET", "/api/trash", key: key)["summary"]
      let exported = trash?["byType"]?["exports"]
      let weights = try ModelWeightsTests.weights("detect").count
      #expect(exported?["count"]?.int == 2)
      #expect(exported?["sizeBytes"]?.int == file.count + weights)
      #expect(trash?["totalItems"]?.int == 1)
      #expect(trash?["totalSizeBytes"]?.int == file.count + 2 * weights)
      await client.check(200, "POST", "/api/trash/empty", key: key)
      let empty = await client.check(200, "GET", "/api/storage", key: key)
      #expect(empty["data"]?["used"]?.int == 0)
      #expect(empty["breakdown"]?["byCategory"]?["exports"]?["count"]?.int == 0)
    }
  }

  @Test func everyNameIsKnownAndWhatIsAbsentIsTold() async throws {
    try await Fixture.serving(exporters: "engine=touch {output}/m.engine") { fixture in
      let (client, key) = (fixture.client, fixture.key)
      let names = """
        onnx torchscript openvino tensorrt coreml tflite saved_model graphdef paddle ncnn edgetpu tfjs
        mnn rknn imx axelera executorch engine pb litert coreai qnn deepx hailo ascend xilinx
        """.split { $0 == " " || $0 == "\n" }
      for name in names {
        let body = #"{"modelId":"\#(fixture.model)","format":"\#(name)"}"#
        guard ["tensorrt", "engine"].contains(name) else {
          let refused = await client.check(501, "POST", "/api/exports", key: key, body: body)
          #expect(refused["error"]?["code"]?.string == "NOT_CONFIGURED")
          let flat = await client.check(501, "POST", Fixture.path, key: key, body: body)
          #expect(flat["code"]?.string == "NOT_CONFIGURED")
          continue
        }
        let created = await client.check(201, "POST", "/api/exports", key: key, body: body)
        #expect(created["data"]?["format"]?.string == String(name))
        let id = try #require(created["exportId"]?.string)
        _ = try await fixture.over(id)
        let flat = await client.check(200, "GET", "\(Fixture.path)/\(id)", key: key)
        #expect(flat["export"]?["format"]?.string == "engine")
      }
      for (body, argument) in [
        (#""format":"word""#, "format"), (#""format":7"#, "format"), ("", "format"),
        (#""format":"engine","args":{"imgsz":5}"#, "args.imgsz"),
        (#""format":"engine","args":{"imgsz":"640"}"#, "args.imgsz"),
        (#""format":"engine","args":{"nms":1}"#, "args.nms"),
        (#""format":"engine","args":{"conf":2}"#, "args.conf"),
        (#""format":"engine","args":{"quantize":"int7"}"#, "args.quantize"),
        (#""format":"engine","args":{"name":"a; b"}"#, "args.name"),
        (#""format":"engine","args":{"x":1}"#, "args.x"),
        (#""format":"engine","args":[]"#, "args"),
        (#""format":"engine","gpuType":"A b""#, "gpuType"),
        (#""format":"safetensors","args":{"imgsz":640}"#, "args"),
      ] {
        let refused = await client.check(400, "POST", Fixture.path, key: key, body: "{\(body)}")
        #expect(refused["details"]?["argument"]?.string == argument, "\(refused)")
      }
      await client.check(400, "POST", "/api/exports", key: key, body: #"{"format":"engine"}"#)
      for (path, status) in [
        ("/api/models/alice/shapes/none/exports", 404), ("/api/models/alice/none/a/exports", 404),
      ] {
        await client.check(status, "POST", path, key: key, body: #"{"format":"engine"}"#)
        await client.check(status, "GET", path, key: key)
      }
      await client.check(
        201, "POST", "/api/models", key: key, body: #"{"project":"shapes","model":"empty"}"#)
      await client.check(
        409, "POST", "/api/models/alice/shapes/empty/exports", key: key,
        body: #"{"format":"engine"}"#)
      // What is private is nobody else's, what is public is read only.
      let id = try #require(
        await client.check(200, "GET", Fixture.path, key: key)["exports"]?.elements?.first?["id"]?
          .string)
      let bob = try await fixture.accounts.create(username: "bobby", plan: .pro).key
      for (visibility, read, write) in [("private", 404, 404), ("public", 200, 403)] {
        await client.check(
          200, "PATCH", "/api/projects/alice/shapes", key: key,
          body: #"{"visibility":"\#(visibility)"}"#)
        for path in [Fixture.path, "\(Fixture.path)/\(id)", "/api/exports/\(id)"] {
          await client.check(read, "GET", path, key: bob)
        }
        await client.check(write, "POST", Fixture.path, key: bob, body: #"{"format":"engine"}"#)
        await client.check(write, "DELETE", "\(Fixture.path)/\(id)", key: bob)
        await client.check(write, "DELETE", "/api/exports/\(id)", key: bob)
        await client.check(read, "GET", Fixture.path)
      }
      await client.check(404, "GET", "/api/models/alice/shapes/empty/exports/\(id)", key: key)
    }
  }

  /// What the exporter has written about its own process.
  private static func identifier(at path: String) async throws -> Int32 {
    while true {
      let text = try? String(contentsOfFile: path, encoding: .utf8)
      if let text, text.hasSuffix("\n"), let number = Int32(text.dropLast()) { return number }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// Waits until there is no such process, or only its entry.
  private static func expectGone(_ identifier: Int32) async throws {
    while true {
      let state = (try? String(contentsOfFile: "/proc/\(identifier)/stat", encoding: .utf8)) ?? ""
      if state.isEmpty || state.contains(") Z ") { return }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  @Test func commandsExportAndAreEnded() async throws {
    try await withKeyDirectory { directory in
      let marker = directory.appending(path: "pid").path
      let lines = [
        // Beside the checkpoint, as Ultralytics' command does; steps in between are left out.
        #"onnx=head -c 4 {checkpoint} > "${YOLO_JOB%/*}"/my-model/my-model.onnx; touch {output}/x"#,
        #"ncnn=mkdir {output}/my-model_ncnn_model; echo a {args} >{output}/my-model_ncnn_model/b"#,
        "torchscript=echo one; echo no way: {output}/x >&2; exit 3", "tflite=true",
        "openvino=echo $$ >\(marker); sleep 1000; true", "paddle=yes",
        "pb=grep -q '\"imgsz\":64' $YOLO_JOB && env | grep -q YOLO_EXPORTER || cp $YOLO_JOB {output}/r",
        "saved_model=head -c 3000000 /dev/zero >{output}/big",
        "edgetpu=(sleep 1000; true) & echo $! >\(marker); ln -s /etc/passwd {output}/l; touch {output}/r",
      ]
      try await Fixture.serving(
        exporters: lines.joined(separator: "\n"),
        {
          $0.limits.exportOutput = 1 << 20
          $0.limits.exportBytes = 1 << 20
          $0.limits.exportJobs = 2
        }
      ) { fixture in
        let (client, key) = (fixture.client, fixture.key)
        let onnx = try await fixture.over(try await fixture.create("onnx", #"{"nms":null}"#))
        #expect(onnx["file"]?["downloadFilename"]?.string == "my-model.onnx", "\(onnx)")
        #expect(try await fixture.file(onnx).count == 4 && onnx["args"] == nil)
        let arguments = #"{"imgsz":320,"nms":true,"quantize":"int8","conf":0.5}"#
        let ncnn = try await fixture.over(try await fixture.create("ncnn", arguments))
        #expect(ncnn["file"]?["downloadFilename"]?.string == "my-model_ncnn_model.zip", "\(ncnn)")
        #expect(ncnn["args"]?["imgsz"]?.int == 320)
        let archive = try await fixture.file(ncnn)
        #expect(archive.prefix(2) == Data("PK".utf8))
        try archive.write(to: directory.appending(path: "r.zip"))
        let content = directory.appending(path: "content").path
        try FileManager.default.createDirectory(atPath: content, withIntermediateDirectories: true)
        _ = try ArchiveExtractor(maximumBytes: 1 << 20).extract(
          directory.appending(path: "r.zip").path, named: "r", to: content)
        let text = try String(contentsOfFile: "\(content)/my-model_ncnn_model/b", encoding: .utf8)
        #expect(text == "a conf=0.5 imgsz=320 nms=True quantize=int8\n")

        for (format, message) in [
          ("torchscript", "exit code 3. It wrote: one\nno way: my-model/x"),
          ("litert", "has left no file"),
          ("paddle", "wrote more than the 1048576 bytes"),
          ("saved_model", "exit code 153. It wrote: File size limit exceeded"),
        ] {
          let failed = try await fixture.over(try await fixture.create(format))
          #expect(failed["status"]?.string == "failed" && failed["file"] == nil)
          #expect(failed["error"]?["message"]?.string?.contains(message) == true, "\(failed)")
        }
        let described = try await fixture.over(try await fixture.create("pb", #"{"imgsz":64}"#))
        let job = try JSONParser.parse(
          String(decoding: try await fixture.file(described), as: UTF8.self))
        #expect(job["modelId"]?.string == fixture.model && job["format"]?.string == "pb")
        #expect(described["file"]?["downloadFilename"]?.string == "my-model-r")

        // Links do not come out, and nothing stays behind.
        let alone = try await fixture.over(try await fixture.create("edgetpu"))
        #expect(alone["file"]?["downloadFilename"]?.string == "my-model_edgetpu.zip", "\(alone)")
        #expect(try await fixture.file(alone).range(of: Data("root".utf8)) == nil)
        try await Self.expectGone(try await Self.identifier(at: marker))
        try FileManager.default.removeItem(atPath: marker)

        let hanging = try await fixture.create("openvino")
        let process = try await Self.identifier(at: marker)
        let again = await client.check(
          409, "POST", Fixture.path, key: key, body: #"{"format":"openvino"}"#)
        #expect(again["error"]?.string?.contains(hanging) == true)
        let cancelled = await client.check(
          200, "DELETE", "\(Fixture.path)/\(hanging)", key: key)
        #expect(cancelled["action"]?.string == "cancelled")
        let after = try await fixture.over(hanging)
        #expect(after["status"]?.string == "cancelled" && after["error"] == nil)
        try await Self.expectGone(process)
      }
    }
  }

  @Test func anExportMayNotTakeForEver() async throws {
    try await withKeyDirectory { directory in
      let marker = directory.appending(path: "pid").path
      try await Fixture.serving(
        exporters: "mnn=echo $$ >\(marker); sleep 1000 & sleep 1001",
        { $0.limits.exportTimeout = 2 }
      ) { fixture in
        let failed = try await fixture.over(try await fixture.create("mnn"))
        #expect(failed["status"]?.string == "failed" && failed["file"] == nil)
        let message = failed["error"]?["message"]?.string ?? ""
        #expect(message.contains("longer than the 2 seconds"), "\(message)")
        try await Self.expectGone(try await Self.identifier(at: marker))
      }
    }
  }

  @Test func anExportGoesOnAfterAKill() async throws {
    try await StoreFixture.run(plan: .enterprise) { store in
      let marker = "\(store.directory)-pid"
      let permission = "\(store.directory)-go"
      defer { for path in [marker, permission] { unlink(path) } }
      let exporter =
        "onnx=echo $$ >\(marker); if test -e \(permission); then echo x >{output}/x.onnx; else "
        + "sleep 1000; fi"
      let key = try await AccountRepository(database: store.database).createKey(
        name: "k", of: store.alice, scopes: [.write]
      ).key
      var id = ""
      for round in 0..<2 {
        let server = try await ServerProcess(
          data: store.directory, log: "\(store.directory)-log\(round)",
          options: ["--exporter", "ncnn=true", "--exporter", exporter])
        let client = try server.client()
        if round == 0 {
          let model = try await server.createModel(key: key)
          let created = await client.call(
            "POST", "/api/exports", key: key, body: #"{"modelId":"\#(model)","format":"onnx"}"#)
          id = try #require(created.body["exportId"]?.string, "\(created)")
          let process = try await Self.identifier(at: marker)
          try await server.kill()
          try await Self.expectGone(process)
          _ = FileManager.default.createFile(atPath: permission, contents: nil)
          continue
        }
        var export: JSONValue?
        repeat {
          export = await client.call("GET", "/api/exports/\(id)", key: key).body["data"]
          try await Task.sleep(for: .milliseconds(30))
        } while ["queued", "running"].contains(export?["status"]?.string)
        #expect(export?["status"]?.string == "completed", "\(String(describing: export))")
        try await server.kill()
        #expect(try await StoreFixture.problems(store.directory) == [])
        let left =
          (try? FileManager.default.contentsOfDirectory(atPath: "\(store.directory)/exports")) ?? []
        #expect(left == [])
      }
    }
  }

  /// Of two servers on one database each does what the other does not.
  @Test func whatAnotherServerExportsHoldsUpNothing() async throws {
    try await StoreFixture.run(plan: .enterprise) { store in
      let marker = "\(store.directory)-pid"
      defer { unlink(marker) }
      let key = try await AccountRepository(database: store.database).createKey(
        name: "k", of: store.alice, scopes: [.write]
      ).key
      let options = [
        "--export-jobs", "1", "--exporter", "onnx=echo $$ >\(marker); exec sleep 100000",
        "--exporter", "ncnn=echo x >{output}/x.ncnn",
      ]
      func server(_ name: String) async throws -> (ServerProcess, PlatformClient) {
        let server = try await ServerProcess(
          data: store.directory, log: "\(store.directory)-\(name)", options: options)
        return (server, try server.client())
      }
      let (first, client) = try await server("first")
      let model = try await first.createModel(key: key)
      func export(_ format: String, _ client: PlatformClient) async throws -> String {
        let created = await client.call(
          "POST", "/api/exports", key: key,
          body: #"{"modelId":"\#(model)","format":"\#(format)"}"#)
        return try #require(created.body["exportId"]?.string, "\(created)")
      }
      let long = try await export("onnx", client)
      let process = try await Self.identifier(at: marker)
      // The first server has its one export; the second one comes upon that before its own.
      let (second, other) = try await server("second")
      let short = try await export("ncnn", other)
      var status: String?
      repeat {
        status = await other.call("GET", "/api/exports/\(short)", key: key).body["data"]?[
          "status"]?.string
        try await Task.sleep(for: .milliseconds(30))
      } while ["queued", "running"].contains(status)
      #expect(status == "completed")
      let running = await other.call("GET", "/api/exports/\(long)", key: key).body["data"]
      #expect(running?["status"]?.string == "running")
      await other.check(200, "DELETE", "/api/exports/\(long)", key: key)
      try await Self.expectGone(process)
      try await first.kill()
      try await second.kill()
    }
  }
}
#endif
