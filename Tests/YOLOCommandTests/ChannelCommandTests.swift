import Foundation
import Testing

/// Commands with models of other input channels than RGB.
@Suite struct ChannelCommandTests {
  private static let fixtures = Program.root.appending(path: "Tests/Fixtures")
  private static let images = Program.root.appending(
    path: "Tests/YOLOImageIOTests/Fixtures/channels")

  private static func model(_ channels: Int) -> String {
    fixtures.appending(path: "channels/channels-\(channels).pt").path
  }

  private static func array(_ channels: Int) -> URL {
    fixtures.appending(path: "channels/channels-\(channels).npy")
  }

  private func counts(_ outcome: Program.Outcome) throws -> [Int] {
    let value = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    let images = try #require((value as? [String: Any])?["images"] as? [[String: Any]])
    return images.map { ($0["results"] as? [Any])?.count ?? -1 }
  }

  @Test func arraysAreSourcesWhereNothingElseIs() throws {
    try Program.withDirectory { directory in
      for name in ["a.npy", "b.npy"] {
        try FileManager.default.copyItem(
          at: Self.array(4), to: directory.appending(path: name))
      }
      let arguments = ["predict", "--model", Self.model(4), "--threads", "1", "--format", "json"]
      let both = try Program.yolo(arguments + ["--source", "."], in: directory)
      #expect(both.status == 0, "\(both.errors)")
      #expect(try counts(both).count == 2)
      let pattern = try Program.yolo(arguments + ["--source", "*.npy"], in: directory)
      #expect(try counts(pattern) == counts(both))
      // A photo with the array that Ultralytics caches beside it is one source.
      try FileManager.default.copyItem(
        at: Self.fixtures.appending(path: "images/odd.png"),
        to: directory.appending(path: "a.png"))
      let detector = Self.fixtures.appending(path: "checkpoints/tiny-detect.pt").path
      let one = try Program.yolo(
        ["predict", "--model", detector, "--source", ".", "--format", "json", "--imgsz", "64"],
        in: directory)
      #expect(one.status == 0, "\(one.errors)")
      #expect(try counts(one).count == 1)
    }
  }

  @Test func everyOutputOfAnImage() throws {
    for channels in [1, 2, 4, 10] {
      try Program.withDirectory { directory in
        let source = Self.array(channels).path
        let predicted = try Program.yolo(
          [
            "predict", "--model", Self.model(channels), "--source", source, "--save", "out",
            "--save-crop", "--save-txt", "--threads", "1",
          ], in: directory)
        #expect(predicted.status == 0, "\(predicted.errors)")
        let out = directory.appending(path: "out")
        let names = try FileManager.default.contentsOfDirectory(atPath: out.path)
        #expect(names.contains { $0.hasSuffix(".jpg") } && names.contains("crops"), "\(names)")
        let traced = try Program.yolo(
          [
            "trace", "--model", Self.model(channels), "--source", source, "--out", "trace",
            "--taps", "model.0", "--images", "--threads", "1",
          ], in: directory)
        #expect(traced.status == 0, "\(traced.errors)")
        let recorded = try Program.yolo(
          ["record", "--model", Self.model(channels), "--source", source, "--out", "case"],
          in: directory)
        #expect(recorded.status == 0, "\(recorded.errors)")
        let verified = try Program.yolo(
          ["verify", "--cases", "case", "--model", Self.model(channels)], in: directory)
        #expect(verified.status == 0, "\(verified.output) \(verified.errors)")
      }
      let measured = try Program.yolo(
        ["benchmark", "--model", Self.model(channels), "--runs", "1", "--threads", "1"])
      #expect(measured.status == 0, "\(measured.errors)")
      let info = try Program.yolo(["info", "--model", Self.model(channels)])
      #expect(info.output.contains("channels      \(channels)\n"), "\(info.output)")
    }
  }

  @Test func wrongImagesEndInAnErrorThatNamesBoth() throws {
    let photo = Self.fixtures.appending(path: "images/odd.png").path
    for (channels, source, words) in [
      (4, photo, "has 3 channels, expected 4"),
      (2, Self.array(10).path, "has 10 channels, expected 2"),
      (
        4, Self.images.appending(path: "gray-jpg.jpg").path, "read with 1 or 3 channels, expected 4"
      ),
    ] {
      let outcome = try Program.yolo(
        ["predict", "--model", Self.model(channels), "--source", source])
      #expect(outcome.status == 65)
      #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
  }

  @Test func datasetsAreOfTheModelsChannels() throws {
    try Program.withDirectory { directory in
      for name in ["images", "labels"] {
        try FileManager.default.createDirectory(
          at: directory.appending(path: name), withIntermediateDirectories: true)
      }
      // The smallest images that a dataset takes.
      let values = (0..<2 * 1600).map { UInt8(truncatingIfNeeded: $0 * 37) }
      var image = Data([0x49, 0x49, 0x2A, 0, 8, 0, 0, 0])
      func field(_ tag: UInt16, _ kind: UInt16, _ value: UInt32) {
        for part in [tag, kind] { withUnsafeBytes(of: part) { image.append(contentsOf: $0) } }
        for part in [1, value] { withUnsafeBytes(of: part) { image.append(contentsOf: $0) } }
      }
      for page in 0..<2 {
        withUnsafeBytes(of: UInt16(9)) { image.append(contentsOf: $0) }
        let end = 8 + 2 * (2 + 9 * 12 + 4)
        field(256, 4, 40)
        field(257, 4, 40)
        field(258, 3, 8)
        field(259, 3, 1)
        field(262, 3, 1)
        field(273, 4, UInt32(end + 1600 * page))
        field(277, 3, 1)
        field(278, 4, 40)
        field(279, 4, 1600)
        let next: UInt32 = page == 0 ? 8 + 2 + 9 * 12 + 4 : 0
        withUnsafeBytes(of: next) { image.append(contentsOf: $0) }
      }
      image.append(contentsOf: values)
      try image.write(to: directory.appending(path: "images/a.tif"))
      try Data("0 0.5 0.5 0.4 0.4\n".utf8).write(to: directory.appending(path: "labels/a.txt"))
      func val(_ channels: String) throws -> Program.Outcome {
        try Data("path: .\nval: images\n\(channels)\nnames: [first, second]\n".utf8)
          .write(to: directory.appending(path: "data.yaml"))
        return try Program.yolo(
          ["val", "--model", Self.model(2), "--data", "data.yaml"], in: directory)
      }
      for channels in ["channels: 2", ""] {
        let outcome = try val(channels)
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
      let other = try val("channels: 3")
      #expect(other.status == 64)
      #expect(
        other.errors.contains("images of 3 channels, but the model takes 2"), "\(other.errors)")
      #expect(try val("channels: many").errors.contains("channels"))
    }
  }
}
