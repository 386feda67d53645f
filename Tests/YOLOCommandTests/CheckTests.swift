import Foundation
import Testing

/// `yolo check`: what is wrong with a dataset, and the exit code.
@Suite struct CheckTests {
  /// Copies the dataset of the fixtures, so that a test may damage it.
  private func withDataset(_ body: (URL) throws -> Void) throws {
    try Program.withDirectory { directory in
      let source = Program.root.appending(path: "Tests/Fixtures/datasets/detect")
      let target = directory.appending(path: "set")
      try FileManager.default.copyItem(at: source, to: target)
      let description = try String(
        contentsOf: source.appending(path: "data.yaml"), encoding: .utf8)
      // The fixtures have no training images.
      try Data(description.replacingOccurrences(of: "images/train", with: "images/val").utf8)
        .write(to: target.appending(path: "data.yaml"))
      try body(target)
    }
  }

  private func faults(_ outcome: Program.Outcome) throws -> [[String: Any]] {
    let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    return try #require((value as? [String: Any])?["faults"] as? [[String: Any]])
  }

  @Test func aSoundSetHasNoErrors() throws {
    try withDataset { set in
      let outcome = try Program.yolo(["check", set.path], in: set)
      #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
      #expect(outcome.output.contains(": 0 errors"))
      #expect(try Program.yolo(["check", set.path, "--task", "detect"], in: set).status == 0)
      let fixture = Program.root.appending(path: "Tests/Fixtures/datasets/detect").path
      let other = try Program.yolo(["check", fixture], in: set)
      #expect(other.status == 65 && other.output.contains("images/train, which does not exist"))
    }
  }

  @Test func damagedFilesAreNamed() throws {
    try withDataset { set in
      let files = FileManager.default
      let images = set.appending(path: "images/val")
      let image = try #require(
        try files.contentsOfDirectory(atPath: images.path).sorted().first)
      let whole = try Data(contentsOf: images.appending(path: image))
      try whole.prefix(whole.count / 2).write(to: images.appending(path: image))
      let labels = set.appending(path: "labels/val")
      let label = try #require(
        try files.contentsOfDirectory(atPath: labels.path).sorted().last)
      try Data("0 0.5 0.5 0.1 0.1\n0 0.5 0.5 0.1 7\n".utf8)
        .write(to: labels.appending(path: label))
      let outcome = try Program.yolo(["check", set.path, "--format", "json"], in: set)
      #expect(outcome.status == 65)
      let found = try faults(outcome).filter { $0["severity"] as? String == "error" }
      #expect(
        found.contains {
          ($0["path"] as? String)?.hasSuffix(image) == true
            && $0["kind"] as? String == "unreadable-image"
        }, "\(found)")
      #expect(
        found.contains {
          ($0["path"] as? String)?.hasSuffix(label) == true && $0["line"] as? Int == 2
            && $0["kind"] as? String == "invalid-label"
        }, "\(found)")
      #expect(try Program.yolo(["check", "/nowhere"], in: set).status == 66)
      #expect(try Program.yolo(["check"], in: set).status == 64)
    }
  }
}
