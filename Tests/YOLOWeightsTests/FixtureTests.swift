import Foundation
import Testing
import YOLOGeometry
import YOLOSystem
import YOLOTestSupport
import YOLOWeights

/// Files that Ultralytics wrote, against what torch reads from them.
@Suite struct FixtureTests {
  @Test(arguments: Fixture.names)
  func everyTensorIsExact(name: String) throws {
    let fixture = try Fixture(name)
    let checkpoint = try Checkpoint.open(path: fixture.path, verifyingWeights: true)
    let records = flattened(checkpoint.model)
    #expect(
      records.flatMap { record in record.tensorNames.map { record.key(of: $0) } }
        == fixture.tensors.map(\.key))
    for expected in fixture.tensors {
      let dot = expected.key.lastIndex(of: ".") ?? expected.key.startIndex
      let record = try #require(checkpoint.model[String(expected.key[..<dot])])
      let tensor = try record.tensor(
        String(expected.key[expected.key.index(after: dot)...]), shape: expected.shape)
      #expect(tensor.elementType.description == expected.type)
      #expect(crc32(floatBytes(tensor.floats())) == expected.checksum, "\(expected.key)")
    }
    #expect(checkpoint.usageReport().isComplete)
  }

  @Test(arguments: Fixture.names)
  func everyFactIsRead(name: String) throws {
    let fixture = try Fixture(name)
    let checkpoint = try Checkpoint.open(path: fixture.path)
    #expect(checkpoint.task?.rawValue == fixture.task)
    #expect(checkpoint.names == ClassNames(fixture.names))
    #expect(checkpoint.strides == fixture.strides)
    #expect(checkpoint.imageSize == InputSize(height: fixture.imageSize, width: fixture.imageSize))
    #expect(checkpoint.info.format == .zip)
    #expect(checkpoint.info.selected == fixture.selected)
    #expect(checkpoint.info.scale == fixture.scale)
    #expect(checkpoint.info.version == fixture.version)
    #expect(checkpoint.info.epoch == fixture.epoch)
    #expect(checkpoint.info.license?.contains("AGPL-3.0") == true)
    #expect(checkpoint.info.yamlFile?.hasSuffix("tiny.yaml") == true)
    #expect(checkpoint.trainingArguments["single_cls"]?.bool == false)
    #expect(walk(checkpoint) > 1000)
  }

  @Test(arguments: ["stripped.pt", "classify.pt", "old.pt"])
  func everyClassIsCurrent(name: String) throws {
    let fixture = try Fixture(name)
    let records = flattened(try Checkpoint.open(path: fixture.path).model)
    #expect(records.map { [$0.path, $0.qualifiedName] } == fixture.modules)
  }

  @Test func attributesAreTyped() throws {
    let model = try Checkpoint.open(path: Fixture.path("stripped.pt")).model
    let convolution = try #require(model["model.0.conv"])
    #expect(convolution.className == "Conv2d" && convolution.name == "conv")
    #expect(try convolution.int("out_channels") == 8)
    #expect(try convolution.ints("kernel_size") == [3, 3])
    #expect(try convolution.ints("stride", count: 2) == [2, 2])
    #expect(try convolution.string("padding_mode") == "zeros")
    #expect(try convolution.bool("transposed") == false)
    #expect(convolution.hasTensor("bias") == false)
    #expect(try convolution.tensorIfPresent("bias", shape: [8]) == nil)
    #expect(try #require(model["model.0.bn"]).double("eps") == 1e-3)
    #expect(try #require(model["model.0"]).int("f") == -1)
    #expect(try #require(model["model.6"]).ints("f") == [-1, 2])
    #expect(try #require(model["model.9"]).doubles("stride") == [4, 8])
    #expect(try #require(model["model.2.m.0"]).bool("add") == true)
    #expect(try #require(model["model.5"]).double("scale_factor") == 2)
    #expect(model["model"]?.children.map(\.name) == (0...9).map(String.init))
    #expect(model.attributes["_forward_hooks"] == nil)
  }

  @Test func oldFilesNeedDefaults() throws {
    let model = try Checkpoint.open(path: Fixture.path("old.pt")).model
    let pooling = try #require(model["model.4"])
    #expect(pooling.qualifiedName == "ultralytics.nn.modules.block.SPPF")
    #expect(try pooling.int("n", default: 3) == 3)
    #expect(try pooling.bool("add", default: false) == false)
    #expect(throws: WeightError.self) { try pooling.int("n") }
  }

  @Test func channelsLastWeightsAreStrided() throws {
    let model = try Checkpoint.open(path: Fixture.path("channels-last.pt")).model
    let tensor = try #require(model["model.1.conv"]?.tensors["weight"])
    #expect(!tensor.isContiguous)
  }

  @Test func transformsStayInert() throws {
    let model = try Checkpoint.open(path: Fixture.path("classify.pt")).model
    guard case .record(let compose)? = model.attributes["transforms"] else {
      Issue.record("no transforms")
      return
    }
    #expect(compose.className == "Compose")
    let steps = try #require(compose.attributes["transforms"]?.elements)
    #expect(steps[0]["size"]?.int == 32)
    #expect("\(steps[1]["size"] ?? .none)" == "(32, 32)")
  }

  @Test func damagedWeightsAreFoundOnDemand() throws {
    let fixture = try Fixture("stripped.pt")
    var bytes = try fixture.bytes
    let archive = try ZipArchive(file: try MappedFile(copying: bytes, name: "test"))
    let entry = try #require(archive.entries.first { $0.name.hasSuffix("data/0") })
    bytes[entry.payload.lowerBound] ^= 1
    _ = try Checkpoint(bytes: bytes)
    let error = thrown { _ = try Checkpoint(bytes: bytes, verifyingWeights: true) }
    #expect(
      error?.description.contains("data/0: damaged or unsupported ZIP archive: its CRC-32") == true)
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try Fixture("classify.pt").bytes
    for length in stride(from: 1, to: bytes.count, by: 97) {
      #expect(throws: WeightError.self) { try Checkpoint(bytes: Array(bytes[..<length])) }
    }
  }
}
