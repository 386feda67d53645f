import Testing
import YOLO
import YOLOImage
import YOLOTestSupport

/// Several images in one run.
@Suite struct BatchPredictionTests {
  /// Images of three sizes, two of which become the same input.
  private static func images() -> [Image] {
    var random = SplitMix64(seed: 21)
    return [(64, 48), (96, 72), (48, 64), (64, 48), (33, 90)].map { width, height in
      Image(
        knownSize: Size(width: width, height: height),
        pixels: (0..<3 * width * height).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
  }

  @Test(arguments: OracleNetwork.all)
  func everyResultIsThatOfTheImageAlone(_ network: OracleNetwork) async throws {
    let model = try Model(path: network.path, options: RuntimeOptions(threads: 2))
    let options = try PredictOptions(
      imageSize: Size(width: 96, height: 96), confidence: 0.01)
    let images = Self.images()
    let sources = images.indices.map { "\($0).png" }
    let batch = try model.predictBlocking(batch: images, options: options, sources: sources)
    #expect(batch.map(\.source) == sources)
    let awaited = try await model.predict(batch: images, options: options, sources: sources)
    #expect(awaited.map(\.source) == sources)
    #expect(awaited.map(\.instances) == batch.map(\.instances))
    #expect(awaited.map(\.classification) == batch.map(\.classification))
    for (image, found) in zip(images, batch) {
      let alone = try model.predictBlocking(image, options: options, source: found.source)
      #expect(found.instances == alone.instances)
      #expect(found.classification == alone.classification)
      #expect(found.imageSize == image.size)
    }
    #expect(try model.predictBlocking(batch: []).isEmpty)
  }
}
