#if Server
import Foundation
import HTTPTypes
import Testing
import YOLOServer
import YOLOServerOptions

/// Models that the path of a request names.
@Suite struct PathModelTests {
  @Test(arguments: [
    ("my%20model", "my model"), ("my%20model%2Dgr%C3%B6%C3%9Fe", "my model-größe"),
    ("gr%c3%b6%c3%9fe.pt", "größe.pt"), ("%62est", "best"), ("a+b", "a+b"), ("100%25", "100%"),
    ("%2562est", "%62est"), ("https%3A%2F%2Fhub.ultralytics.com%2Fmodels%2FAb3", "Ab3"),
    ("ul%3A%2F%2Fme%2Fproject%2Fyolo26n", "yolo26n"), ("%20best%20", "best"),
  ]) func namesAreDecoded(_ text: String, _ name: String) throws {
    #expect(try ModelReference(percentEncoded: text).name == name)
  }

  @Test(arguments: [
    "%", "best%", "best%2", "%zz", "%2g", "% 2", "%-1", "%+f", "%ff", "%C3", "%C0%AE%C0%AE",
    "%ED%A0%80",
    "%2e%2e", "%2E%2E%2Fbest", "..%2fbest", "%2Fetc%2Fpasswd", "a%2Fb", "a%5Cb", "a%00", "%0Abest",
    "%2Ebest",
    "%E2%80%AEbest", "%20", "",
  ]) func whatIsNoNameIsRefused(_ text: String) {
    let error = #expect(throws: APIError.self) { try ModelReference(percentEncoded: text) }
    #expect(error?.status.code == 400 && error?.message.hasPrefix("model ") == true)
  }

  @Test func aPathReachesAModelByItsDecodedName() async throws {
    let models = try ModelTestDirectory(["my model-größe.pt": "detect", "Ab3.pt": "pose"])
    try models.link("other.pt", to: "Ab3.pt")
    try await LiveServer.serving({ $0.models = models.url.path }) { port in
      for (path, field, words) in [
        ("my%20model%2Dgr%C3%B6%C3%9Fe", nil, ["200", #""task":"detect""#]),
        ("my%20model-gr%c3%b6%c3%9fe.pt", "my model-größe", ["200", #""task":"detect""#]),
        ("https%3A%2F%2Fhub.ultralytics.com%2Fmodels%2FAb3", nil, ["200", #""task":"pose""#]),
        ("Ab3", "https://hub.ultralytics.com/models/Ab3", ["200", #""task":"pose""#]),
        ("Ab3", "", ["200"]), ("Ab3", "other", ["200"]),
        ("Ab3", "my model-größe", ["400", #""argument":"model""#, "Ab3", "my model-größe"]),
        ("Ab3", "none", ["400", "names the model Ab3", "names none"]),
        ("Ab3", "../Ab3", ["400"]), ("%ff", nil, ["400", "percent-encoded"]),
        ("..%2FAb3", nil, ["400"]), ("none", "Ab3", ["404"]), ("Ab%2533", nil, ["404"]),
      ] as [(String, String?, [String])] {
        let fields = field.map { [("model", $0)] } ?? []
        let text = await LiveServer.exchange(
          LiveServer.form(fields, file: LimitTests.image, path: "/v1/predict/\(path)"), port: port)
        for word in words { #expect(text.contains(word), "\(path): \(text.prefix(400))") }
      }
    }
  }
}
#endif
