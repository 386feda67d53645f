#if Server
import Foundation
import Testing

/// The options of `yolo serve` as its user gives them.
@Suite struct ServeTests {
  @Test func everyNumberOfTheTableIsAFlag() throws {
    let table = try Program.yolo(["serve", "--print-options"])
    #expect(table.status == 0 && table.errors.isEmpty)
    var count = 0
    for row in table.output.split(separator: "\n").dropFirst(2) {
      let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      let flag = try #require(cells.first).trimmingCharacters(in: ["`"])
      guard cells[2].wholeMatch(of: /[0-9,]+ to [0-9,]+/) != nil else { continue }
      count += 1
      let outcome = try Program.yolo(["serve", "--models", "/nowhere", flag, "many"])
      #expect(outcome.status == 64, "\(flag): \(outcome.errors)")
      #expect(outcome.errors.contains("\(flag) must be a number from"), "\(outcome.errors)")
    }
    #expect(count == 37)
  }

  /// Arguments, the exit code, and words that the message must have.
  static let mistakes: [([String], Int32, [String])] = [
    ([], 64, ["--models", "--dedicated"]),
    (["--models", "a", "--dedicated", "b"], 64, ["--models", "--dedicated"]),
    (["--models", "a", "--port", "65536"], 64, ["--port", "65535", "65536"]),
    (["--models", "a", "--host", "a b"], 64, ["--host", "a b"]),
    (["--models", "a", "--cors-origin", "example"], 64, ["--cors-origin", "example"]),
    (["--models", "a", "--backend", "tpu"], 64, ["--backend", "tpu", "native"]),
    (["--models", "a", "--isa", "mmx"], 64, ["--isa", "mmx"]),
    (["--models", "a", "--preload", "--no-auth", "--queue", "x"], 64, ["--queue"]),
    (["--models", "a", "--config", "/nowhere.json"], 66, ["/nowhere.json", "No such file"]),
    (["--models", "a", "--nonsense"], 64, ["nonsense"]),
    (
      ["--models", "a", "--exporter", "word=true"], 64, ["--exporter", "onnx=COMMAND", "word=true"]
    ),
    (
      ["--models", "a", "--exporter", "onnx=true", "--exporter", "onnx=false"], 64,
      ["--exporter", "onnx=true", "onnx=false"]
    ),
  ]

  /// What may be given several times may also be left out.
  @Test(arguments: [0, 1, 2])
  func exportersAreGivenAnyNumberOfTimes(count: Int) throws {
    let exporters = ["onnx=a {checkpoint}", "ncnn=b; c=d"].prefix(count)
    let outcome = try Program.yolo(
      ["serve", "--print-endpoints"] + exporters.flatMap { ["--exporter", $0] })
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
    #expect(outcome.output.contains("`GET /healthz`"))
  }

  @Test(arguments: mistakes)
  func mistakesAreExplained(arguments: [String], status: Int32, words: [String]) throws {
    let outcome = try Program.yolo(["serve"] + arguments)
    #expect(outcome.status == status && outcome.output.isEmpty, "\(outcome.errors)")
    for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)") }
  }
}
#endif
