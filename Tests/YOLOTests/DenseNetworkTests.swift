import Foundation
import Testing
import YOLO
import YOLOGeometry
import YOLOImageIO
import YOLOOptions
import YOLOPostprocess
import YOLOTestSupport

/// Networks whose results are a value for each pixel, against what Ultralytics gave.
@Suite struct DenseNetworkTests {
  /// A network of `Tests/Fixtures/dense`, made again with `python Tools/fixtures/dense.py`.
  struct Network: Sendable, CustomTestStringConvertible {
    let name: String
    var testDescription: String { name }
    var path: String { GoldenCase.url("dense/\(name).pt").path }

    static let all = [Network(name: "yolo26-sem"), Network(name: "yolo26-depth")]

    fileprivate func contents() throws -> Contents {
      try JSONDecoder().decode(
        Contents.self, from: try Data(contentsOf: GoldenCase.url("dense/\(name).json")))
    }

    /// The classes or meters of each case.
    fileprivate func maps(_ cases: [Case]) throws -> [[Float]] {
      let values = try NumpyArray(contentsOf: GoldenCase.url("dense/\(name)-maps.npy")).values
      var start = 0
      return cases.map { golden in
        let count = golden.shape[0] * golden.shape[1]
        defer { start += count }
        return Array(values[start..<start + count])
      }
    }
  }

  fileprivate struct Ratio: Decodable {
    let `class`: Int
    let name: String
    let pixel_ratio: Double
  }

  fileprivate struct Case: Decodable {
    let image: String
    let imgsz: Int
    let classes: Set<Int>?
    /// The height and the width of the image.
    let shape: [Int]
    let summary: [Ratio]

    func options() throws -> PredictOptions {
      try PredictOptions(imageSize: Size(width: imgsz, height: imgsz), classes: classes)
    }

    func results(_ model: Model) throws -> Results {
      try model.predictBlocking(
        try ImageReader.read(contentsOf: GoldenCase.url(image).path), options: try options())
    }
  }

  fileprivate struct Tap: Decodable {
    let path: String
    let shape: [Int]
    let range: Float
    let values: [Float]

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      path = try fields.decode(String.self)
      shape = try fields.decode([Int].self)
      range = try fields.decode(Float.self)
      values = try fields.decode([Float].self)
    }
  }

  fileprivate struct Contents: Decodable {
    let task: String
    let cases: [Case]
    let taps: [Tap]
  }

  private static func model(_ network: Network, _ setting: UltralyticsTests.Setting) throws -> Model
  {
    try Model(
      path: network.path,
      options: RuntimeOptions(
        backend: setting.backend, instructionSet: setting.instructionSet, threads: 2))
  }

  @Test(arguments: Network.all, UltralyticsTests.Setting.all)
  func resultsAgree(_ network: Network, _ setting: UltralyticsTests.Setting) throws {
    let contents = try network.contents()
    let model = try Self.model(network, setting)
    #expect(model.task.rawValue == contents.task)
    for (golden, expected) in zip(contents.cases, try network.maps(contents.cases)) {
      let results = try golden.results(model)
      #expect(results.instances.isEmpty && results.classification == nil)
      #expect([results.imageSize.height, results.imageSize.width] == golden.shape)
      if let map = results.classMap {
        let differing = zip(map.classes, expected).count { Float($0) != $1 }
        // Ultralytics' own float64 gives the same classes; two pixels may hang on our rounding.
        #expect(differing <= 2, "\(differing) pixels differ")
        let ratios = results.classRatios
        #expect(ratios.map(\.classIndex) == golden.summary.map(\.class))
        #expect(ratios.map(\.className) == golden.summary.map(\.name))
        #expect(
          zip(ratios, golden.summary).allSatisfy { abs($0.pixelRatio - $1.pixel_ratio) <= 2e-4 })
      } else {
        let map = try #require(results.depthMap)
        #expect(map.distances.count == expected.count)
        let worst = zip(map.distances, expected).map { abs($0 - $1) / $1 }.max() ?? .infinity
        // Ten times what Ultralytics is from its own float64 at most.
        #expect(worst <= 5e-5, "\(worst)")
      }
    }
  }

  @Test(arguments: Network.all, UltralyticsTests.Setting.all)
  func everyModuleGivesWhatUltralyticsGives(
    _ network: Network, _ setting: UltralyticsTests.Setting
  ) throws {
    let contents = try network.contents()
    let model = try Self.model(network, setting)
    let golden = try #require(contents.cases.first)
    let paths = contents.taps.map(\.path)
    #expect(paths.count > 50 && Set(model.modulePaths()).isSuperset(of: paths))
    let trace = try model.trace(
      try ImageReader.read(contentsOf: GoldenCase.url(golden.image).path), taps: paths,
      options: try golden.options())
    for tap in contents.taps {
      let tensor = try #require(trace.tensors[tap.path], "\(tap.path)")
      try #require(tensor.shape == tap.shape, "\(tap.path)")
      for (index, value) in tap.values.enumerated() {
        let found = tensor.values[(7919 * index + 13) % tensor.values.count]
        #expect(abs(found - value) <= 2e-4 * tap.range, "\(tap.path): \(found), not \(value)")
      }
    }
  }

  /// The result does not depend on the number of threads.
  @Test(arguments: Network.all)
  func threadsChangeNothing(_ network: Network) throws {
    let model = try Model(path: network.path, options: RuntimeOptions(threads: 3))
    let golden = try #require(try network.contents().cases.last)
    let image = try ImageReader.read(contentsOf: GoldenCase.url(golden.image).path)
    let alone = try model.predictBlocking(image, options: try golden.options(), threads: 1)
    let shared = try model.predictBlocking(image, options: try golden.options(), threads: 3)
    #expect(alone.classMap == shared.classMap && alone.depthMap == shared.depthMap)
  }

  /// A batch of images of several sizes has the same maps as each image alone, and so has what is
  /// awaited.
  @Test(arguments: Network.all)
  func batchesChangeNothing(_ network: Network) async throws {
    let model = try Model(path: network.path, options: RuntimeOptions(threads: 2))
    let options = try PredictOptions(imageSize: Size(width: 96, height: 96))
    let images = try ["odd", "even", "odd", "held-back-a"].map {
      try ImageReader.read(contentsOf: GoldenCase.url("images/\($0).png").path)
    }
    let alone = try images.map { try model.predictBlocking($0, options: options) }
    for together in [
      try model.predictBlocking(batch: images, options: options),
      try await model.predict(batch: images, options: options),
    ] {
      #expect(together.map(\.classMap) == alone.map(\.classMap))
      #expect(together.map(\.depthMap) == alone.map(\.depthMap))
      #expect(together.map(\.imageSize) == images.map(\.size))
    }
    let awaited = try await model.predict(images[0], options: options)
    #expect(awaited.classMap == alone[0].classMap && awaited.depthMap == alone[0].depthMap)
  }

  /// A file of ours gives the same maps as the checkpoint.
  @Test(arguments: Network.all)
  func exportsAreReadBack(_ network: Network) throws {
    let directory = try TemporaryDirectory()
    let path = directory.path(of: "model.safetensors")
    let model = try Model(path: network.path)
    try model.checkpoint.writeSafetensors(to: path)
    let exported = try Model(path: path)
    let golden = try #require(try network.contents().cases.first)
    let (own, other) = (try golden.results(model), try golden.results(exported))
    #expect(exported.task == model.task && own.classMap == other.classMap)
    #expect(own.depthMap == other.depthMap)
  }

  @Test func reportsAreThoseOfTheTask() throws {
    let names: ClassNames = ["road", "sky"]
    let speed = Speed(preprocess: 0, inference: 0, postprocess: 0)
    let classes = Results(
      source: "a.png",
      classMap: ClassMap(size: Size(width: 3, height: 2), classes: [1, 1, 0, 255, 1, 1]),
      names: names, speed: speed)
    #expect(
      classes.json.hasPrefix(
        "{\"results\":[{\"class\":0,\"name\":\"road\",\"pixel_ratio\":0.16667},"
          + "{\"class\":1,\"name\":\"sky\",\"pixel_ratio\":0.66667}],\"shape\":[2,3]"))
    #expect(Results.csvHeader(of: .semantic) == "source,class,name,pixel_ratio\n")
    #expect(classes.csv() == "a.png,0,road,0.16667\na.png,1,sky,0.66667\n")
    #expect(classes.text.contains("2 classes") && classes.text.contains("66.67%  sky"))
    #expect(classes.classMap?[0, 1] == nil && classes.classMap?[2, 0] == 0)
    #expect(classes.labels().isEmpty)
    let depth = Results(
      source: "a.png", depthMap: DepthMap(size: Size(width: 2, height: 1), distances: [1, 2.5]),
      names: names, speed: speed)
    #expect(
      depth.json.hasPrefix(
        "{\"results\":[],\"shape\":[1,2]"))
    #expect(depth.json.hasSuffix(",\"depth\":{\"min\":1.0,\"max\":2.5,\"mean\":1.75}}"))
    let encoded = String(decoding: try JSONEncoder().encode(depth), as: UTF8.self)
    #expect(encoded.contains("\"mean\":1.75") && encoded.contains("\"results\":[]"))
    #expect(depth.csv() == "a.png,1.0,2.5,1.75\n")
    #expect(depth.text.contains("depth 1.00 to 2.50 m"))
    let unknown = DepthMap(size: Size(width: 1, height: 1), distances: [.nan])
    #expect(unknown.range().mean.isNaN)
  }
}
