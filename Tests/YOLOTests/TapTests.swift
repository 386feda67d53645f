import Foundation
import Testing
import YOLO
import YOLOOptions
import YOLOTensor
import YOLOTestSupport

/// What every module of every block and head gives, against Ultralytics' forward hooks.
@Suite struct TapTests {
  /// Some values of what a module gave in Ultralytics.
  private struct Tap: Decodable {
    let path: String
    let shape: [Int]
    /// The difference of the greatest and the least value.
    let range: Float
    /// The values at 13, 13 + 7919, 13 + 2 · 7919, …, modulo their number.
    let values: [Float]

    init(from decoder: any Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      path = try fields.decode(String.self)
      shape = try fields.decode([Int].self)
      range = try fields.decode(Float.self)
      values = try fields.decode([Float].self)
    }

    func picked(from tensor: Tensor) -> [Float] {
      values.indices.map { tensor.values[(7919 * $0 + 13) % tensor.values.count] }
    }
  }

  private struct Contents: Decodable {
    let taps: [Tap]
  }

  private static func taps(of network: OracleNetwork) throws -> [Tap] {
    let url = GoldenCase.url("networks/\(network.name)-taps.json")
    return try JSONDecoder().decode(Contents.self, from: try Data(contentsOf: url)).taps
  }

  private static func model(
    _ network: OracleNetwork, _ setting: UltralyticsTests.Setting
  ) throws -> Model {
    try Model(
      path: network.path,
      options: RuntimeOptions(
        backend: setting.backend, instructionSet: setting.instructionSet, threads: 2))
  }

  @Test(arguments: OracleNetwork.all, UltralyticsTests.Setting.all)
  func everyModuleGivesWhatUltralyticsGives(
    _ network: OracleNetwork, _ setting: UltralyticsTests.Setting
  ) throws {
    let taps = try Self.taps(of: network)
    #expect(taps.count > 70)
    let model = try Self.model(network, setting)
    let paths = model.modulePaths()
    #expect(Set(paths).isSuperset(of: taps.map(\.path)))
    let golden = try #require(network.cases.first)
    let trace = try model.trace(
      try golden.loadedImage(), taps: taps.map(\.path), options: try golden.options())
    for tap in taps {
      let tensor = try #require(trace.tensors[tap.path], "\(tap.path)")
      try #require(tensor.shape == tap.shape, "\(tap.path)")
      let worst = zip(tap.picked(from: tensor), tap.values).map { abs($0 - $1) }.max() ?? 0
      // Less than 7e-5 of the range was seen on every setting; the issue asks for 1e-3.
      #expect(worst <= 2e-4 * tap.range, "\(tap.path): \(worst) of \(tap.range)")
    }
  }

  /// A tap alone leaves all other modules together; the results stay what they are without it.
  @Test(arguments: OracleNetwork.all)
  func aTapAloneGivesTheSame(_ network: OracleNetwork) throws {
    let model = try Model(path: network.path)
    let golden = try #require(network.cases.first)
    let (image, options) = (try golden.loadedImage(), try golden.options())
    let paths = model.modulePaths()
    let all = try model.trace(image, taps: paths, options: options)
    var random = SplitMix64(seed: 19)
    for _ in 0..<12 {
      let path = try #require(paths.randomElement(using: &random))
      let alone = try model.trace(image, taps: [path], options: options)
      #expect(Array(alone.tensors.keys) == [path])
      let (found, expected) = (try #require(alone.tensors[path]), try #require(all.tensors[path]))
      #expect(found.shape == expected.shape)
      expectClose(found.values, expected.values, .ofRange(1e-4), path)
      #expect(alone.results.count == all.results.count)
    }
  }

  @Test(arguments: OracleNetwork.all)
  func modulesComeInTheOrderInWhichTheyRun(_ network: OracleNetwork) throws {
    let paths = try Model(path: network.path).modulePaths()
    #expect(Set(paths).count == paths.count)
    // What a module consists of comes before it, and the head last.
    for (index, path) in paths.enumerated() {
      #expect(!paths[..<index].contains { path.hasPrefix($0 + ".") }, "\(path)")
    }
    let layers = paths.compactMap { $0.split(separator: ".").dropFirst().first.flatMap { Int($0) } }
    #expect(layers.last == layers.max())
    #expect(layers == layers.sorted())
  }

  @Test func anUnknownModuleIsNamed() throws {
    let network = try #require(OracleNetwork.all.first)
    let model = try Model(path: network.path)
    for path in ["model.99", "", "model.0.conv.weight", "model"] {
      let error = #expect(throws: YOLOError.self) {
        try model.trace(try network.cases[0].loadedImage(), taps: ["model.0", path])
      }
      #expect(error?.code == .model)
      #expect(error?.message.contains("“\(path)”") ?? false)
    }
  }

  @Test func tensorsAreWrittenAsNumpyFiles() throws {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "npy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appending(path: "a.npy").path
    for count in [6, 2] {
      let tensor = Tensor(shape: [1, count], values: (0..<count).map { Float($0) / 3 })
      try NumpyFile.write(tensor, to: file)
      #expect(
        try [UInt8](Data(contentsOf: URL(filePath: file))) == NumpyFile.bytes(of: tensor))
    }
    // Nothing is left beside it, also where writing fails.
    for path in [directory.path, directory.appending(path: "none/a.npy").path, "", "a\0b"] {
      let error = #expect(throws: YOLOError.self) {
        try NumpyFile.write(Tensor(shape: [1], values: [1]), to: path)
      }
      #expect(error?.code == .unwritable && error?.message.contains("cannot be written") ?? false)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["a.npy"])
  }
}
