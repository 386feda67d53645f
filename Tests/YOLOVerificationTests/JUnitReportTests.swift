import Foundation
import FoundationXML
import Testing
import YOLO
import YOLOTestSupport
import YOLOVerification

@Suite struct JUnitReportTests {
  /// The elements of a document in their order, with depth, attributes and text.
  private final class Reader: NSObject, XMLParserDelegate {
    struct Element {
      let name: String
      let depth: Int
      let attributes: [String: String]
      var text = ""
    }

    private(set) var elements: [Element] = []
    private var open: [Int] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      elements.append(Element(name: name, depth: open.count, attributes: attributes))
      open.append(elements.count - 1)
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) {
      open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
      if let last = open.last { elements[last].text += text }
    }
  }

  private static func read(_ xml: String) throws -> [Reader.Element] {
    let parser = XMLParser(data: Data(xml.utf8))
    let reader = Reader()
    parser.delegate = reader
    try #require(parser.parse(), "\(parser.parserError.debugDescription)")
    return reader.elements
  }

  /// Every outcome, with all that XML treats in a way of its own.
  @Test func elementsAndEscapes() throws {
    let directory = try TemporaryDirectory()
    let model = try Model(path: ShippedModel.detect.path)
    let location = directory.path(of: "a case")
    try GoldenCase.record(model, image: ShippedModel.detect.image, to: location)
    let agreed = try Verification(model, on: try GoldenCase(contentsOf: location))
    try directory.write(#"{"images":[{"results":[]}]}"#, to: "a case/expected.json")
    let failed = try Verification(model, on: try GoldenCase(contentsOf: location))
    #expect(agreed.agrees && failed.problems.count == 7)

    let strange = "<a href=\"x\">&'\u{0}\u{1B}[31m\u{FFFF}\n\t]]>\u{1F600}é"
    let report = JUnitReport(
      [
        VerificationOutcome(
          path: "ok", result: .success(agreed), seconds: 0.25, hasSameCheckpoint: true),
        VerificationOutcome(
          path: strange, result: .success(failed), seconds: 1, hasSameCheckpoint: false),
        VerificationOutcome(
          path: "broken", result: .failure(.noCases(path: strange)), seconds: 1e-7,
          hasSameCheckpoint: nil),
      ], model: strange, timestamp: "2026-11-26T20:00:00", host: "here")
    let elements = try Self.read(report.xml)
    #expect(
      elements.map { "\($0.depth) \($0.name)" } == [
        "0 testsuites", "1 testsuite", "2 properties", "3 property", "2 testcase", "2 testcase",
        "3 failure", "2 testcase", "3 error", "2 system-out", "2 system-err",
      ])
    let suite = elements[1].attributes
    #expect(
      suite == [
        "id": "0", "package": "yolo", "name": "yolo verify", "timestamp": "2026-11-26T20:00:00",
        "hostname": "here", "tests": "3", "failures": "1", "errors": "1", "time": "1.250",
      ])
    let readable = "<a href=\"x\">&'\u{FFFD}\u{FFFD}[31m\u{FFFD}\n\t]]>\u{1F600}é"
    #expect(elements[3].attributes == ["name": "model", "value": readable])
    #expect(
      elements[4].attributes == ["name": "ok", "classname": "yolo.verify", "time": "0.250"])
    #expect(elements[5].attributes["name"] == readable)
    #expect(elements[6].attributes["type"] == "VerificationFailure")
    #expect(elements[6].attributes["message"] == failed.problems[0])
    #expect(elements[6].text == failed.problems.joined(separator: "\n"))
    #expect(elements[7].attributes["time"] == "0.000")
    #expect(elements[8].attributes["message"]?.contains(readable) == true)
  }

  @Test func noOutcomes() throws {
    let elements = try Self.read(
      JUnitReport([], model: "m", timestamp: "2026-11-26T20:00:00", host: "here").xml)
    #expect(elements[1].attributes["tests"] == "0" && elements[1].attributes["time"] == "0.000")
  }
}
