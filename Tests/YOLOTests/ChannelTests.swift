import Foundation
import Testing
import YOLO
import YOLOImage
import YOLOImageIO
import YOLOOptions
import YOLOTestSupport

/// Models of other input channels than RGB, against what Ultralytics predicts; fixtures of
/// `Tools/fixtures/channels.py`.
@Suite struct ChannelTests {
  private static func path(_ name: String) -> String {
    GoldenCase.url("channels/\(name)").path
  }

  private static func model(_ channels: Int) throws -> Model {
    try Model(path: path("channels-\(channels).pt"), options: RuntimeOptions(threads: 1))
  }

  private static func image(_ channels: Int) throws -> Image {
    try ImageReader.read(contentsOf: path("channels-\(channels).npy"), channels: channels)
  }

  @Test(arguments: [1, 2, 4, 10], UltralyticsTests.Setting.all)
  func predictionsAgree(channels: Int, _ setting: UltralyticsTests.Setting) throws {
    let model = try Model(
      path: Self.path("channels-\(channels).pt"),
      options: RuntimeOptions(
        backend: setting.backend, instructionSet: setting.instructionSet, threads: 2))
    #expect(model.channels == channels)
    let results = try model.predictBlocking(
      try Self.image(channels), options: try PredictOptions(confidence: 0.3, iouThreshold: 0.45))
    let text = try String(contentsOfFile: Self.path("channels-\(channels).txt"), encoding: .utf8)
    let expected = text.split(separator: "\n").map {
      $0.split(separator: " ").compactMap { Double($0) }
    }
    #expect(results.instances.count == expected.count && expected.count >= 5)
    var found = results.instances
    for wanted in expected {
      // Float32 sums in another order: as everywhere against Ultralytics.
      let match = found.firstIndex { instance in
        let box = instance.box
        let edges = zip([box.x1, box.y1, box.x2, box.y2], wanted[2...])
        return Double(instance.classIndex) == wanted[0]
          && abs(Double(instance.confidence) - wanted[1]) < 1e-4
          && edges.allSatisfy { abs(Double($0) - $1) < 2e-3 }
      }
      if let match {
        found.remove(at: match)
      } else {
        Issue.record("nothing like \(wanted)")
      }
    }
  }

  /// Each image of a batch, and each file that the model itself asks for, gives the same.
  @Test func batchesAndSourcesGiveTheSame() async throws {
    let model = try Self.model(4)
    let image = try Self.image(4)
    let expected = try model.predictBlocking(image)
    let batch = try model.predictBlocking(batch: [image, image])
    #expect(batch.map(\.instances) == [expected.instances, expected.instances])
    let source = ImageSource(path: Self.path("channels-4.npy"))
    #expect(try await model.predict(source).instances == expected.instances)
    let trace = try model.trace(image, taps: [])
    #expect(trace.input.shape == [1, 4, 64, 64])
    #expect(trace.results.instances == expected.instances)
  }

  /// As arrays are for Ultralytics.
  @Test func colorAndGrayStandForEachOther() throws {
    let gray = try Self.image(1)
    let model = try Self.model(1)
    let expected = try model.predictBlocking(gray)
    #expect(try model.predictBlocking(gray.rgb).instances == expected.instances)
    let color = try Model(path: GoldenCase.url("checkpoints/tiny-detect.pt").path)
    #expect(color.channels == 3)
    let options = try PredictOptions(confidence: 0.01)
    #expect(
      try color.predictBlocking(gray, options: options).instances
        == color.predictBlocking(gray.rgb, options: options).instances)
  }

  @Test(arguments: [(4, 2), (4, 10), (1, 4), (2, 1), (10, 4)])
  func otherImagesAreRefusedByNumber(channels: Int, found: Int) async throws {
    let model = try Self.model(channels)
    let image = try Self.image(found)
    let error = #expect(throws: YOLOError.self) {
      try model.predictBlocking(image, source: "photo")
    }
    #expect(error?.code == .channels)
    #expect(
      error?.message.contains("photo: has \(found) channel") == true
        && error?.message.contains("images of \(channels)") == true)
    #expect(throws: YOLOError.self) {
      try model.predictBlocking(batch: [try Self.image(channels), image])
    }
    #expect(throws: YOLOError.self) { try model.trace(image, taps: []) }
    #expect(throws: YOLOError.self) { try model.profile(image) }
    let source = ImageSource(path: Self.path("channels-\(found).npy"))
    await #expect(throws: (any Error).self) { try await model.predict(source) }
  }

  /// Ultralytics prepares RGB for every classifier and fails; here the model is refused.
  @Test func classifiersOfOtherChannelsAreRefused() {
    let error = #expect(throws: YOLOError.self) { try Model(path: Self.path("classify-4.pt")) }
    #expect(error?.code == .model)
    #expect(error?.message.contains("channels is 4; supported: 3 for a classifier") == true)
  }

  @Test(arguments: [1, 2, 4, 10])
  func everyLevelIsTheRoundedQuotient(channels: Int) {
    for (width, pixelStride) in [(1, channels), (85, channels), (5, channels + 3), (33, 16)] {
      let samples = (0..<channels * width).map { UInt8(truncatingIfNeeded: 97 * $0) }
      var values = [Float](repeating: -1, count: pixelStride * width)
      values.withUnsafeMutableBufferPointer { values in
        guard let base = values.baseAddress else { return }
        InputRow.write(
          samples, channels: channels, width: width, to: base, pixelStride: pixelStride)
      }
      for (index, sample) in samples.enumerated() {
        let value = values[index / channels * pixelStride + index % channels]
        #expect(value == Float(sample) / 255, "\(sample) at \(index) of width \(width)")
      }
    }
  }
}
