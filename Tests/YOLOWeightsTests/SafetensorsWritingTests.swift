import Foundation
import JSONText
import Testing
import YOLOGeometry
import YOLOSystem
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

@Suite struct SafetensorsWritingTests {
  /// Everything of a checkpoint that a prediction can depend on, as text.
  private func facts(_ checkpoint: Checkpoint) -> [String] {
    var lines = [
      "\(checkpoint.taskName ?? "-") \(checkpoint.strides) \(checkpoint.names.ids)",
      "\(String(describing: checkpoint.imageSize)) \(checkpoint.names.ids.map(checkpoint.names.label))",
    ]
    for record in flattened(checkpoint.model) {
      lines.append("\(record.path) \(record.qualifiedName)")
      for (key, value) in record.attributes.sorted(by: { $0.key < $1.key })
      where key != "anchors" && key != "strides" {
        lines.append("\(record.path) \(key) \(exact(value))")
      }
      for name in record.tensorNames {
        guard let tensor = record.tensors[name] else { continue }
        lines.append("\(record.key(of: name)) \(tensor) \(crc32(floatBytes(tensor.floats())))")
      }
    }
    return lines + checkpoint.trainingArguments.map { "\($0) \(exact($1))" }.sorted()
  }

  private func exact(_ value: AttributeValue) -> String {
    switch value {
    case .float(let number): "float \(number.bitPattern)"
    case .list(let values): "list \(values.map(exact))"
    case .tuple(let values): "tuple \(values.map(exact))"
    case .dictionary(let entries):
      "dictionary \(entries.map { "\(exact($0.key)) \(exact($0.value))" })"
    case .record(let record):
      "record \(record.qualifiedName) \(record.arguments.map(exact)) "
        + "\(record.attributes.map { "\($0) \(exact($1))" }.sorted())"
    case .tensor(let tensor): "tensor \(tensor) \(tensor.floats())"
    case .none, .bool, .int, .string, .opaque: "\(value)"
    }
  }

  @Test(arguments: Fixture.names)
  func aCopyIsEqual(name: String) throws {
    try withTemporaryDirectory { directory in
      let original = try Checkpoint.open(path: Fixture.path(name))
      let path = "\(directory)/copy.pt"
      try original.writeSafetensors(to: path, producer: "test")
      let copy = try Checkpoint.open(path: path)
      #expect(facts(copy) == facts(original))
      #expect(copy.info.format == .safetensors && copy.info.producer == "test")
      var info = copy.info
      info.format = original.info.format
      info.producer = nil
      #expect(info == original.info)
      // A copy of the copy is the same file, byte for byte.
      try copy.writeSafetensors(to: "\(directory)/again", producer: "test")
      #expect(
        try Data(contentsOf: URL(filePath: path))
          == Data(contentsOf: URL(filePath: "\(directory)/again")))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
    }
  }

  @Test func tensorsAreAlignedAndNamedByPath() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/copy"
      try Checkpoint.open(path: Fixture.path("stripped.pt")).writeSafetensors(to: path)
      let bytes = try Array(Data(contentsOf: URL(filePath: path)))
      let file = try MappedFile(copying: bytes, name: "test")
      let length = try #require(withExtendedLifetime(file) { file.bytes.uint64(at: 0) })
      #expect(length.isMultiple(of: 8))
      let header = try #require(String(bytes: bytes[8..<8 + Int(length)], encoding: .utf8))
      let members = try #require(try JSONParser.parse(header).members)
      for member in members where member.key != "__metadata__" {
        let type = try #require(
          member.value["dtype"]?.string.flatMap(ElementType.init(safetensorsName:)))
        let begin = try #require(member.value["data_offsets"]?.elements?.first?.int)
        #expect(begin.isMultiple(of: type.size))
      }
      #expect(members.contains { $0.key == "model.2.m.0.cv1.conv.weight" })
      // Anchors of the last evaluation do not travel.
      #expect(!members.contains { $0.key.hasSuffix("anchors") })
    }
  }

  @Test func metadataGoesBeforeTheRecords() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/copy"
      try Checkpoint.open(path: Fixture.path("stripped.pt")).writeSafetensors(to: path)
      var bytes = try Array(Data(contentsOf: URL(filePath: path)))
      let old = Array(#"{\"0\":\"person\""#.utf8)
      let at = try #require(bytes.indices.first { bytes[$0...].starts(with: old) })
      bytes.replaceSubrange(at..<at + old.count, with: Array(#"{\"0\":\"zebras\""#.utf8))
      #expect(try Checkpoint(bytes: bytes).names[0] == "zebras")
    }
  }

  @Test func strangeValuesSurvive() throws {
    let attributes: [(String, Python)] = [
      ("nan", .float(.nan)), ("inf", .list([.float(.infinity), .float(-.infinity), .float(-0.0)])),
      ("marked", .entries([("$tuple", .int(1))])), ("empty", .tuple([])),
      ("keys", .dictionary([(.int(1), .none), (.text("x"), .tuple([.float(3)]))])),
      ("text", .text("\"\\\n\u{1}é😀")), ("big", .int(.min)),
      ("tensors", .list([.tensor(key: "0", shape: [2])])),
      ("path", .call(.global("pathlib", "PosixPath"), [.text("a")])),
      ("dtype", .global("torch", "float16")),
    ]
    let model = Python.model(
      .module("ultralytics.nn.modules.conv.Conv", attributes: attributes))
    let bytes = ZipBuilder(pickle: model.pickle, storages: ["0": floatBytes([1, .nan])]).bytes
    let original = try Checkpoint(bytes: bytes)
    try withTemporaryDirectory { directory in
      try original.writeSafetensors(to: "\(directory)/copy")
      #expect(facts(try Checkpoint.open(path: "\(directory)/copy")) == facts(original))
    }
  }

  @Test func failuresLeaveNothingBehind() throws {
    let original = try Checkpoint.open(path: Fixture.path("classify.pt"))
    #expect(
      thrown { try original.writeSafetensors(to: "/nowhere/at/all") }
        == .unwritableFile(file: "/nowhere/at/all", reason: "No such file or directory"))
    #expect(
      thrown { try original.writeSafetensors(to: "/dev/null") }
        == .unwritableFile(file: "/dev/null", reason: "it is a device"))
    #expect(thrown { try original.writeSafetensors(to: "") } != nil)
    try withTemporaryDirectory { directory in
      #expect(thrown { try original.writeSafetensors(to: directory) } != nil)
      // Two tensors of one key are found before anything is written.
      let model = Python.model(
        .module(
          "ultralytics.nn.modules.conv.Conv",
          attributes: [("weight", .tensor(key: "0", shape: [1]))],
          tensors: [("weight", .tensor(key: "0", shape: [1]))]))
      let twice = try Checkpoint(
        bytes: ZipBuilder(pickle: model.pickle, storages: ["0": floatBytes([1])]).bytes)
      #expect(
        thrown { try twice.writeSafetensors(to: "\(directory)/copy") }?.description.contains(
          "model.0.weight: two tensors would have this key") == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
    }
  }

  @Test func anExistingFileIsReplacedWhole() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/model"
      try Checkpoint.open(path: Fixture.path("classify.pt")).writeSafetensors(to: path)
      // The source of the second writing is the file that it replaces.
      let checkpoint = try Checkpoint.open(path: path)
      try checkpoint.writeSafetensors(to: path)
      #expect(facts(try Checkpoint.open(path: path)) == facts(checkpoint))
    }
  }
}
