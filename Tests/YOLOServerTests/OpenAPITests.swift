#if Server
import YOLOServerOptions
import YOLOOptions
import HTTPTypes
import JSONText
import Testing
import YOLO
import YOLOImageIO
import YOLOPostprocess
import YOLOServer

/// The OpenAPI document is well formed, says what the definitions say, and describes real answers.
struct OpenAPITests {
  private static let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

  private static func checker(
    _ change: (inout ServerSettings) -> Void = { _ in }
  ) throws -> OpenAPISchemaChecker {
    var settings = ServerSettings(models: "models", database: "keys.sqlite")
    change(&settings)
    let bytes = OpenAPIDocument.bytes(settings: settings, version: "1.2.3")
    return OpenAPISchemaChecker(
      document: try JSONParser.parse(String(decoding: bytes, as: UTF8.self)))
  }

  private static func report(
    task: String, isNormalized: Bool = false
  ) throws -> [JSONMember] {
    let model = try Model(path: "\(root)/Weights/shapes-\(task).pt")
    let image = try ImageReader.read(contentsOf: "\(root)/Weights/shapes.jpg")
    var report = ResultReport(isNormalized: isNormalized)
    report.append(try model.predictBlocking(image))
    report.finish(metadata: [
      JSONMember("imageCount", .int(1)), JSONMember("functionTimeAlive", .double(12.5)),
      JSONMember("functionTimeCall", .double(0.25)),
      JSONMember("model", .string("shapes-\(task).pt")), JSONMember("task", .string(task)),
      JSONMember("version", .object([JSONMember("yolo", .string("1.2.3"))])),
    ])
    let text = String(decoding: report.takeBytes(), as: UTF8.self)
    return try #require(JSONParser.parse(text).members)
  }

  @Test(arguments: [
    ("detect", "Detection"), ("segment", "Segmentation"), ("pose", "Pose"),
    ("obb", "OrientedDetection"), ("classify", "Classification"),
  ])
  func describesRealResponses(task: String, kind: String) throws {
    let checker = try Self.checker()
    for isNormalized in [false, true] {
      let answer = JSONValue.object(try Self.report(task: task, isNormalized: isNormalized))
      #expect(checker.problems(answer, component: "PredictResponse") == [])
      let results = try #require(answer["images"]?.elements?.first?["results"]?.elements)
      #expect(!results.isEmpty)
      for result in results { #expect(checker.problems(result, component: kind) == []) }
    }
  }

  @Test func refusesWhatIsNoResponse() throws {
    let checker = try Self.checker()
    let good = try Self.report(task: "pose")
    let speed = JSONMember("speed", .object([]))
    let point = JSONMember("shape", .array([.int(1), .int(2)]))
    let noResults = JSONMember("results", .array([]))
    let strange = JSONMember(
      "results", .array([.object([JSONMember("class", .int(0)), JSONMember("x", .int(1))])]))
    for images: JSONValue in [
      .null, .array([.object([noResults, point])]), .array([.object([noResults, point, speed])]),
      .array([.object([strange, point])]),
    ] {
      let bad = JSONValue.object(
        good.map { $0.key == "images" ? JSONMember("images", images) : $0 })
      #expect(!checker.problems(bad, component: "PredictResponse").isEmpty)
    }
    let extra = JSONValue.object(good + [JSONMember("more", .null)])
    #expect(!checker.problems(extra, component: "PredictResponse").isEmpty)
    let fewer = JSONValue.object(good.filter { $0.key != "metadata" })
    #expect(!checker.problems(fewer, component: "PredictResponse").isEmpty)
  }

  @Test func describesTheListOfModels() throws {
    let checker = try Self.checker()
    let served = JSONValue.object([
      JSONMember("name", .string("a")), JSONMember("file", .string("a.pt")),
      JSONMember("task", .string("detect")), JSONMember("classes", .array([.string("person")])),
      JSONMember("imgsz", .array([.int(480), .int(640)])), JSONMember("state", .string("loaded")),
      JSONMember("error", .null),
    ])
    let broken = JSONValue.object([
      JSONMember("name", .string("b")), JSONMember("file", .string("b.pt")),
      JSONMember("task", .null), JSONMember("classes", .array([])), JSONMember("imgsz", .null),
      JSONMember("state", .string("broken")), JSONMember("error", .string("no model")),
    ])
    let list = JSONValue.object([JSONMember("models", .array([served, broken]))])
    #expect(checker.problems(list, component: "ModelList") == [])
    let other = JSONValue.object([JSONMember("models", .array([.object([])]))])
    #expect(!checker.problems(other, component: "ModelList").isEmpty)
  }

  @Test func describesTheEnvelopeOfFailures() throws {
    let checker = try Self.checker()
    let failures: [APIError] = [
      .invalidField("imgsz", given: "5", expected: "more", "imgsz is too small."),
      .unauthorized("a"), .forbidden("a"), .notFound("a"), .methodNotAllowed("a"),
      .bodyTimeout(seconds: 3), .tooLarge("a", limit: 3, unit: "bytes"), .unsupportedMedia("a"),
      .rateLimited(limit: 100, retryAfter: 7), .clientClosed, .fault, .notImplemented("a"),
      .unavailable("a"),
    ]
    for failure in failures {
      let envelope = JSONValue.object([
        JSONMember("success", .bool(false)), JSONMember("message", .string(failure.message)),
        JSONMember(
          "error",
          .object([
            JSONMember("code", .string(failure.code)),
            JSONMember("message", .string(failure.message)),
            JSONMember("details", .object(failure.details)),
          ])),
      ])
      let response = try #require(
        checker.resolved("#/components/responses/Failure\(failure.status.code)"))
      let schema = try #require(response["content"]?["application/json"]?["schema"])
      #expect(checker.problems(envelope, schema) == [])
      #expect(
        (response["headers"]?["Retry-After"] != nil) == (failure.retryAfter != nil))
      for other in failures where other.status != failure.status {
        let schema = try #require(
          checker.resolved("#/components/responses/Failure\(other.status.code)")?["content"]?[
            "application/json"]?["schema"])
        #expect(!checker.problems(envelope, schema).isEmpty)
      }
    }
  }

  @Test func namesWhatAnyRequestMayBeToldForEachOperation() throws {
    let paths = try #require(Self.checker().document["paths"]?.members)
    let operations = paths.flatMap { $0.value.members ?? [] }
      .filter { $0.value["operationId"] != nil }
    #expect(operations.count == 9)
    for operation in operations {
      let statuses = Set(operation.value["responses"]?.members?.map(\.key) ?? [])
      #expect(statuses.isSuperset(of: ["200", "400", "405", "431", "501"]))
      #expect(statuses.contains("499") == (operation.key == "post"))
    }
  }

  @Test func namesEveryPathAndResolvesEveryReference() throws {
    let checker = try Self.checker()
    let paths = try #require(checker.document["paths"]?.members).map(\.key)
    #expect(
      paths.sorted() == [
        "/", "/healthz", "/metrics", "/openapi.json", "/predict", "/readyz", "/v1/models",
        "/v1/predict/{model}",
      ])
    let references = Self.references(checker.document)
    #expect(references.count > 50)
    for reference in references { #expect(checker.resolved(reference) != nil, "\(reference)") }
  }

  private static func references(_ value: JSONValue) -> [String] {
    (value.elements ?? []).flatMap(references)
      + (value.members ?? []).flatMap {
        $0.key == "$ref" ? [$0.value.string ?? ""] : references($0.value)
      }
  }

  @Test func takesRangesFromTheOptions() throws {
    let form = try #require(
      Self.checker().document["components"]?["schemas"]?["PredictForm"]?["properties"])
    let confidence = PredictOption.confidence.hosted
    for name in ["conf", "confidence"] {
      #expect(form[name]?["minimum"] == .double(confidence.range.lowerBound))
      #expect(form[name]?["maximum"] == .double(confidence.range.upperBound))
    }
    #expect(form["conf"]?["default"] == .double(confidence.defaultValue))
    #expect(form["conf"]?["description"] == .string(confidence.help))
    let side = try #require(form["imgsz"]?["anyOf"]?.elements?.first)
    #expect(side["minimum"]?.int == PredictOption.imageSize.hosted.range.lowerBound)
    #expect(side["maximum"]?.int == PredictOption.imageSize.hosted.range.upperBound)
    #expect(form["max_det"]?["maximum"]?.int == PredictOption.maxDetections.range.upperBound)
  }

  @Test func needsKeysUnlessTheServerIsOpen() throws {
    func operation(_ checker: OpenAPISchemaChecker) -> JSONValue? {
      checker.document["paths"]?["/predict"]?["post"]
    }
    let closed = operation(try Self.checker())
    #expect(closed?["security"]?.elements?.count == 2)
    #expect(closed?["responses"]?["200"]?["headers"]?["X-RateLimit-Limit"] != nil)
    let open = operation(try Self.checker { $0.isOpen = true })
    #expect(open?["security"]?.elements?.isEmpty == true)
    #expect(open?["responses"]?["200"]?["headers"]?["X-RateLimit-Limit"] == nil)
    let form = try Self.checker { $0.limits.imageBytes = 4321 }.document["components"]?[
      "schemas"]?[
        "PredictForm"]?["properties"]?["file"]?["description"]?.string
    #expect(form?.contains("4321 bytes") == true)
  }
}
#endif
