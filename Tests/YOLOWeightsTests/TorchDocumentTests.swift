import Foundation
import Testing
import YOLOSystem
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

/// What a file holds is written again as it was, known here or not.
@Suite("Torch files, read and written again")
struct TorchDocumentTests {
  static let fixtures = [
    "saved.pt", "stripped.pt", "training.pt", "classify.pt", "legacy.pt", "old.pt", "protocol4.pt",
    "double.pt", "bfloat16.pt", "deflated.pt", "channels-last.pt",
  ]

  @Test("Every form of a checkpoint, bit for bit", arguments: fixtures)
  func roundTrip(_ fixture: String) throws {
    let source = Fixture.path(fixture)
    try withTemporaryDirectory { directory in
      let path = "\(directory)/again.pt"
      try TorchDocument.open(path: source).write(to: path)
      let before = try Checkpoint.open(path: source)
      let after = try Checkpoint.open(path: path, verifyingWeights: true)
      #expect(differences(before.model, after.model) == [])
      #expect(before.names == after.names)
      #expect(before.strides == after.strides)
      #expect(before.taskName == after.taskName)
      #expect(
        isEqual(
          .record(
            AttributeRecord(
              qualifiedName: "", arguments: [], attributes: before.trainingArguments)),
          .record(
            AttributeRecord(
              qualifiedName: "", arguments: [], attributes: after.trainingArguments))))
      // A second time nothing changes any more, not even the bytes of the pickle.
      let second = "\(directory)/second/again.pt"
      try FileManager.default.createDirectory(
        atPath: "\(directory)/second", withIntermediateDirectories: true)
      try TorchDocument.open(path: path).write(to: second)
      #expect(
        try Data(contentsOf: URL(filePath: path)) == Data(contentsOf: URL(filePath: second)))
    }
  }

  @Test("A safetensors file becomes a torch file")
  func safetensors() throws {
    try withTemporaryDirectory { directory in
      let source = try Checkpoint.open(path: Fixture.path("stripped.pt"))
      try source.writeSafetensors(to: "\(directory)/model.safetensors")
      try TorchDocument.open(path: "\(directory)/model.safetensors").write(
        to: "\(directory)/model.pt")
      let after = try Checkpoint.open(path: "\(directory)/model.pt")
      #expect(
        differences(source.model, after.model, ignoring: ["training", "anchors", "strides"]) == [])
    }
  }

  /// Objects that no record keeps: sets, named dictionaries, bytes, long integers, shared and
  /// cyclic ones, lists and dictionaries with classes of their own.
  @Test("Objects of every kind survive")
  func kinds() throws {
    let pickle: [UInt8] =
      [0x80, 2] + Array("}q\u{0}(".utf8)
      + text("set") + Array("c__builtin__\nfrozenset\n]".utf8) + [0x4B, 7] + Array("a".utf8)
      + [0x85] + Array("R".utf8)
      + text("ordered") + Array("ccollections\nOrderedDict\n)Rq\u{1}".utf8) + text("k")
      + Array("h\u{1}s".utf8)
      + text("default") + Array("ccollections\ndefaultdict\nc__builtin__\nlist\n".utf8)
      + [0x85] + Array("R".utf8)
      + text("size") + Array("ctorch\nSize\n".utf8) + [0x4B, 3, 0x4B, 4, 0x86, 0x85]
      + Array("R".utf8)
      + text("long") + [0x8A, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]
      + text("decimal") + Array("L123456789012345678901234567890L\n".utf8)
      + text("bytes") + Array("c_codecs\nencode\n".utf8) + text("\u{E9}") + text("latin1")
      + [0x86] + Array("R".utf8)
      + text("empty") + Array("c__builtin__\nbytes\n)R".utf8)
      + text("counter") + Array("ccollections\nCounter\n)".utf8) + [0x81] + text("a") + [0x4B, 2]
      + Array("s".utf8)
      + text("queue") + Array("ccollections\ndeque\n)".utf8) + [0x81, 0x4B, 5]
      + Array("a".utf8)
      + text("enum")
      + Array("ctorchvision.transforms.functional\nInterpolationMode\n".utf8) + text("bilinear")
      + [0x85] + Array("R".utf8)
      + text("dtype") + Array("ctorch\nfloat16\n".utf8)
      + text("number") + [0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]
      + text("cycle") + Array("h\u{0}".utf8)
      + Array("u.".utf8)
    let first = try originals(pickle)
    let (bytes, storages) = try PickleWriter.write(first, file: "test")
    #expect(storages.isEmpty)
    let second = try originals(bytes)
    let (again, _) = try PickleWriter.write(second, file: "test")
    #expect(bytes == again)
    #expect(outline(first) == outline(second))
    let kinds = [
      "frozenset", "OrderedDict", "defaultdict", "Size", "Counter", "deque", "InterpolationMode",
      "float16",
    ]
    for name in kinds { #expect(second.globals.contains { $0.name == name }, "\(name)") }
    #expect(outline(second).contains("123456789012345678901234567890"))
  }

  /// Whatever can be opened can be written, or is refused; what was written can be opened.
  @Test("Damaged pickles are written or refused")
  func damage() throws {
    let plan = FuzzPlan(cases: 600)
    let sources = try ["training.pt", "stripped.pt", "protocol4.pt"].map { name in
      let archive = try ZipArchive(
        file: try MappedFile(copying: try Fixture.content(name), name: "test"))
      return archive.entries.map { entry in
        ZipBuilder.Entry(entry.name, [UInt8](archive.bytes(of: entry).buffer))
      }
    }
    var written = 0
    try withTemporaryDirectory { directory in
      let path = "\(directory)/again.pt"
      for number in 0..<plan.cases {
        var random = SplitMix64(seed: plan.seed &+ UInt64(number))
        var builder = ZipBuilder(sources[number % sources.count])
        let index = builder.entries.firstIndex { $0.name.hasSuffix("/data.pkl") } ?? 0
        var pickle = builder.entries[index].content
        if number.isMultiple(of: 3) {
          pickle = mutated(pickle, using: &random)
        } else {
          pickle[Int.random(in: pickle.indices, using: &random)] = UInt8.random(
            in: 0...255, using: &random)
        }
        builder.entries[index].content = pickle
        builder.entries[index].checksum = 0
        do {
          let document = try TorchDocument(
            file: try MappedFile(copying: builder.bytes, name: "test"))
          try document.write(to: path)
          written += 1
          _ = try? document.checkpoint()
          // The outcome opens to the end of its pickle, whatever that then holds.
          _ = try TorchDocument.open(path: path)
        } catch is WeightError {}
      }
    }
    #expect(written > plan.cases / 10)
  }

  @Test("A tuple that holds itself is refused")
  func tupleCycle() throws {
    // [(list,)] with the tuple appended to its own list.
    let graph = try originals(
      [0x80, 2] + Array("]q\u{0}".utf8) + [0x85] + Array("q\u{1}h\u{0}h\u{1}a0.".utf8))
    #expect(throws: WeightError.self) { try PickleWriter.write(graph, file: "test") }
  }

  @Test("Depth is bounded")
  func depth() throws {
    let graph = try originals(
      [0x80, 2] + [UInt8](repeating: UInt8(ascii: "]"), count: 5000)
        + [UInt8](repeating: UInt8(ascii: "a"), count: 4999) + Array(".".utf8))
    let error = thrown { _ = try PickleWriter.write(graph, file: "test") }
    #expect(
      error
        == .limitExceeded(
          file: "test", at: "data.pkl", what: "objects inside one another", limit: 256))
  }

  @Test("A directory that is not there is named")
  func unwritable() throws {
    let document = try TorchDocument.open(path: Fixture.path("stripped.pt"))
    let error = thrown { try document.write(to: "/nowhere/at/all.pt") }
    guard case .unwritableFile("/nowhere/at/all.pt", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  private func text(_ text: String) -> [UInt8] {
    [0x58, UInt8(text.utf8.count), 0, 0, 0] + Array(text.utf8)
  }

  private func originals(_ pickle: [UInt8]) throws -> PickleGraph {
    let file = try MappedFile(copying: pickle, name: "test")
    return try withExtendedLifetime(file) {
      try PickleMachine.runKeepingOrigins(file.bytes, file: "test", entry: "data.pkl")
    }
  }

  /// A graph as text, apart from the numbers of its objects.
  private func outline(_ graph: PickleGraph) -> String {
    var open: Set<Int32> = []
    func describe(_ value: PickleValue) -> String {
      switch value {
      case .none: return "None"
      case .bool(let value): return "\(value)"
      case .int(let value): return "\(value)"
      case .float(let value): return "\(value)"
      case .string(let index): return "'\(graph.strings[Int(index)])'"
      case .global(let index): return graph.globals[Int(index)].qualifiedName
      case .object(let index):
        guard open.insert(index).inserted else { return "again" }
        defer { open.remove(index) }
        let object = graph.objects[Int(index)]
        let origin = graph.origins[index] ?? PickleOrigin()
        let parts = object.items + origin.elements + origin.entries
        return "\(object.kind)(\(describe(origin.callable)) "
          + parts.map(describe).joined(separator: ", ") + ")"
      }
    }
    return describe(graph.root)
  }
}
