import Foundation
import Testing
import YOLO
import YOLOImageIO
import YOLOInspection
import YOLOPlot
import YOLOTesting
import YOLOVerification

/// The examples of the documentation about inspecting a model and about tests.
@Suite struct InspectionExamples {
  private let model: Model
  private let image: Image

  init() throws {
    model = try Model(path: EmbeddingExamples.file("shapes-detect.pt"))
    image = try ImageReader.read(contentsOf: EmbeddingExamples.file("shapes.jpg"))
  }

  @Test func trace() throws {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "npy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appending(path: "model.4.npy").path
    // example: trace
    let trace = try model.trace(image, taps: ["model.4", "model.2.m.0.cv1.bn", "model.22"])
    if let tensor = trace.tensors["model.4"] {
      print(tensor.shape)
      try NumpyFile.write(tensor, to: file)
    }
    // end
    let tensor = try #require(trace.tensors["model.4"])
    #expect(tensor.shape == [1, 32, 32, 40] && trace.tensors.count == 3)
    #expect(try [UInt8](Data(contentsOf: URL(filePath: file))) == NumpyFile.bytes(of: tensor))
  }

  @Test func images() throws {
    let trace = try model.trace(image, taps: ["model.15"])
    let tensor = try #require(trace.tensors["model.15"])
    // example: overlay
    let maps = FeatureMosaic().image(of: tensor, path: "model.15")
    let overlay = ActivationOverlay(on: image, fit: trace.fit).image(of: tensor, path: "model.15")
    // end
    #expect(maps != nil && overlay?.size == image.size)
  }

  @Test func box() throws {
    // example: box
    let trace = try model.trace(image, taps: model.headPaths)
    let levels = HeadLevel.levels(of: model, in: trace)
    if let instance = trace.results.first,
      let distribution = BoxDistribution(of: instance, in: levels, fit: trace.fit)
    {
      print(distribution.stride, distribution.distances, distribution.probabilities[0])
    }
    // end
    #expect(levels.count == 3)
  }

  @Test func modules() throws {
    // example: modules
    let table = try ModuleTable(model, input: Size(width: 640, height: 640))
    for row in table.layers {
      print(row.path, row.className, row.output, row.parameterCount, row.receptiveField.size ?? 0)
    }
    let svg = NetworkDrawing(table, title: "shapes-detect.pt").svg
    // end
    #expect(svg.contains("Detect") && table.layers.count == 23)
  }

  @Test func difference() throws {
    let other = try Model(
      path: EmbeddingExamples.file("shapes-detect.pt"), options: RuntimeOptions(backend: .oracle)
    )
    // example: difference
    let difference = try model.difference(to: other, on: image)
    if let first = difference.firstBeyond {
      print("they part at \(first.path): \(first.relative) of its range")
    }
    // end
    #expect(difference.agrees)
  }

  @Test func verify() async throws {
    let golden = FileManager.default.temporaryDirectory.appending(
      path: "golden-\(UUID().uuidString)"
    ).path
    defer { try? FileManager.default.removeItem(atPath: golden) }
    let photo = EmbeddingExamples.file("shapes.jpg")
    // example: record
    try GoldenCase.record(
      model, image: photo, to: golden,
      modules: try TapSelection.paths("layers", of: model))
    // end
    // example: verify
    try expectVerified(model, against: golden)
    // end
    let before = try await model.predict(image)
    // example: expect
    let results = try await model.predict(image)
    expectPrediction(results, matches: before, within: Tolerances(box: 0.1))
    // end
  }
}
