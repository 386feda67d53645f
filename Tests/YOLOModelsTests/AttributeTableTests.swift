import CheckpointFuzzing
import Foundation
import Testing
import YOLOModels
import YOLOSystem
import YOLOTestSupport
import YOLOWeights

/// The table of what attributes mean, against the files of this repository and against what the
/// blocks read.
@Suite struct AttributeTableTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// The checkpoints that ship or are tested with.
  private static let paths: [String] = {
    let directories = ["Weights", "Tests/Fixtures/networks", "Tests/YOLOWeightsTests/Fixtures"]
    return directories.flatMap { directory in
      let url = repository.appending(path: directory)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
      return names.filter { $0.hasSuffix(".pt") }.sorted().map { url.appending(path: $0).path }
    }
  }()

  private func all(_ record: ModuleRecord) -> [ModuleRecord] {
    [record] + record.children.flatMap(all)
  }

  @Test func everyKnownClassHasARow() {
    let parts = ["BatchNorm2d", "ModuleList", "Linear", "AdaptiveAvgPool2d", "DFL", "SiLU"]
    for name in KnownModules.classNames + parts {
      #expect(AttributeTable.classes[name] != nil, "a row for \(name)")
    }
  }

  @Test func everyAttributeOfEveryFileIsInTheTable() throws {
    #expect(Self.paths.count > 30)
    for path in Self.paths {
      let checkpoint = try Checkpoint.open(path: path)
      for record in checkpoint.model.children.flatMap(all) {
        guard let row = AttributeTable.classes[record.className] else { continue }
        for key in record.attributes.keys {
          #expect(
            row[key] != nil || AttributeTable.common[key] != nil || key.hasPrefix("_"),
            "\(path): \(record.className).\(key)")
        }
      }
      for key in checkpoint.model.attributes.keys where !key.hasPrefix("_") {
        #expect(
          AttributeTable.model[key] != nil || AttributeTable.common[key] != nil,
          "\(path): \(key)")
      }
    }
  }

  @Test func theNamesThatAreRefusedAreListed() {
    let rows = [AttributeTable.common] + AttributeTable.classes.values
    let names = rows.flatMap { row in row.filter { $0.value == .refusedIfSet }.keys }
    #expect(AttributeTable.refused == Set(names).sorted())
  }

  @Test func everyKeyOfEveryFileIsInTheTable() throws {
    for path in Self.paths where !path.hasSuffix("legacy.pt") {
      let file = try MappedFile(path: path)
      let archive = try ZipArchive(file: file)
      let entry = try #require(archive.entries.first { $0.name.hasSuffix("data.pkl") })
      let content = try archive.content(of: entry)
      let graph = try withExtendedLifetime(content.file) {
        try PickleMachine.run(content.bytes, file: path, entry: entry.name)
      }
      for (key, _) in graph.entries(graph.root) ?? [] {
        #expect(AttributeTable.checkpoint[key] != nil, "\(path): \(key)")
      }
    }
  }

  @Test func whatIsReadIsCalledUsedAndTheReverse() throws {
    var read = Set<String>()
    var present = Set<String>()
    for path in Self.paths {
      let checkpoint = try Checkpoint.open(path: path)
      checkpoint.model.usage.recordAttributes()
      guard (try? Network(checkpoint)) != nil else { continue }
      read.formUnion(checkpoint.model.usage.attributes)
      for record in checkpoint.model.children.flatMap(all) {
        present.formUnion(record.attributes.keys.map { "\(record.className).\($0)" })
      }
    }
    for attribute in read {
      let parts = attribute.split(separator: ".").map(String.init)
      guard parts.count == 2, let row = AttributeTable.classes[parts[0]] else { continue }
      #expect(
        (row[parts[1]] ?? AttributeTable.common[parts[1]]) == .used, "\(attribute) is read")
    }
    // Bilinear upsampling alone has it.
    let exceptions: Set = [
      "Upsample.align_corners", "UpsamplingNearest2d.align_corners",
      "UpsamplingNearest2d.recompute_scale_factor",
    ]
    for attribute in present.subtracting(exceptions) {
      let parts = attribute.split(separator: ".").map(String.init)
      guard parts.count == 2, AttributeTable.classes[parts[0]]?[parts[1]] == .used else { continue }
      #expect(read.contains(attribute), "\(attribute) is called used")
    }
  }

  // MARK: - Refusals

  /// The error of a shipped model after a change, or nil if it can be run.
  private func refusal(
    _ name: String = "shapes-detect.pt", version: String? = nil,
    _ change: (CheckpointSketch) -> Void
  ) throws -> String? {
    let path = Self.repository.appending(path: "Weights/\(name)").path
    let sketch = CheckpointSketch(try Checkpoint.open(path: path))
    change(sketch)
    let checkpoint = try Checkpoint(bytes: sketch.bytes(.torch))
    do {
      _ = try Network(checkpoint)
      return nil
    } catch { return "\(error)" }
  }

  private func head(_ sketch: CheckpointSketch) -> ModuleSketch? { sketch.layers.last?.module }

  @Test func whatWouldChangeResultsIsRefusedByName() throws {
    #expect(try refusal { _ in } == nil)
    #expect(try refusal { head($0)?[attribute: "xyxy"] = .bool(false) } == nil)
    let corners = try #require(try refusal { head($0)?[attribute: "xyxy"] = .bool(true) })
    #expect(corners.contains("xyxy is True; supported: none"))
    let forward = try refusal { $0.layers[0].module[attribute: "forward"] = .string("x") }
    #expect(forward?.contains("model.0: forward is") == true)
    // What a tool leaves on a module is passed over, as Ultralytics does.
    #expect(try refusal { head($0)?[attribute: "total_ops"] = .int(5) } == nil)
  }

  @Test func binsOfADistanceAreThoseOfTheDecoder() throws {
    let edited = try refusal { sketch in
      guard let conv = head(sketch)?["dfl"]?["conv"],
        let old = conv.tensors.first(where: { $0.name == "weight" })?.tensor
      else { return }
      let count = old.shape[1]
      conv.setTensor(
        "weight", TensorSketch(shape: old.shape, values: (0..<count).map { 1.5 * Float($0) }))
    }
    #expect(edited?.contains("dfl.conv: weight is [0.0, 1.5, 3.0") == true, "\(edited ?? "none")")
  }

  @Test(arguments: [
    ("8.0.20", true), ("8.4.190", true), ("8.4.191", false), ("8.5.0", false), ("9.0", false),
    ("8.4.190.post1", true), ("8.4", true), ("nonsense", true),
  ])
  func releasesAreCompared(version: String, isKnown: Bool) {
    #expect(AttributeTable.isKnown(version) == isKnown)
  }
}
