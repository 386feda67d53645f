import Testing
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

@Suite struct PickleMachineTests {
  private func scalar(_ instructions: [UInt8]) throws -> PickleValue {
    try run([0x80, 2] + instructions + [0x2E]).root
  }

  private func reason(_ instructions: [UInt8]) -> String {
    thrown { _ = try run(instructions) }.map(\.description) ?? "no error"
  }

  @Test func readsIntegers() throws {
    #expect(try scalar([0x4B, 200]) == .int(200))
    #expect(try scalar([0x4D, 0x34, 0x12]) == .int(0x1234))
    #expect(try scalar([0x4A, 0xFF, 0xFF, 0xFF, 0xFF]) == .int(-1))
    #expect(try scalar([0x8A, 0]) == .int(0))
    #expect(try scalar([0x8A, 1, 0x80]) == .int(-128))
    #expect(try scalar([0x8A, 2, 0xFF, 0x00]) == .int(255))
    #expect(try scalar([0x8A, 8] + little(1 << 63, count: 8)) == .int(.min))
    let large = try run([0x80, 2, 0x8A, 9] + [UInt8](repeating: 1, count: 9) + [0x2E])
    #expect(large.object(large.root)?.kind == .largeInteger)
  }

  @Test func readsOtherScalars() throws {
    #expect(try scalar([0x47, 0x3F, 0xF8, 0, 0, 0, 0, 0, 0]) == .float(1.5))
    #expect(try scalar([0x4E]) == PickleValue.none)
    #expect(try scalar([0x88]) == .bool(true))
    for instructions: [UInt8] in [
      [0x8C, 2, 0xC3, 0xA9], [0x58, 2, 0, 0, 0, 0xC3, 0xA9],
      [0x8D, 2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0xA9],
    ] {
      let graph = try run([0x80, 4] + instructions + [0x2E])
      #expect(graph.string(graph.root) == "é")
    }
  }

  @Test func keepsIdentityThroughTheMemo() throws {
    // a = []; [a, a], then a.append(1) through the memo.
    let graph = try run([
      0x80, 2, 0x5D, 0x28, 0x5D, 0x71, 0, 0x68, 0, 0x65, 0x68, 0, 0x4B, 1, 0x61, 0x30, 0x2E,
    ])
    let items = try #require(graph.items(graph.root, .list))
    #expect(items.count == 2 && items[0] == items[1])
    #expect(graph.items(items[0], .list) == [.int(1)])
  }

  @Test func survivesCycles() throws {
    // a = []; a.append(a)
    let graph = try run([0x80, 2, 0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E])
    #expect(graph.items(graph.root, .list) == [graph.root])
  }

  @Test func lastOfEqualKeysCounts() throws {
    for padding in [0, 100] {
      let others = (0..<padding).map { ("k\($0)", Python.none) }
      let value = Python.entries([("a", .int(1)), ("b", .int(2))] + others + [("a", .int(3))])
      let graph = try run(value.pickle)
      let entries = try #require(graph.entries(graph.root))
      #expect(entries.count == 2 + padding)
      #expect(entries.prefix(2).map(\.key) == ["a", "b"])
      #expect(entries.prefix(2).map(\.value) == [.int(3), .int(2)])
    }
  }

  @Test func standsInForConstructors() throws {
    let pairs = Python.list([.tuple([.text("a"), .int(1)])])
    for (value, kind, count): (Python, PickleObject.Kind, Int) in [
      (.call(.global("__builtin__", "set"), [.list([.int(1), .int(2)])]), .set, 2),
      (.call(.global("builtins", "frozenset"), []), .set, 0),
      (.call(.global("collections", "OrderedDict"), [pairs]), .dictionary, 2),
      (.call(.global("collections", "OrderedDict"), []), .dictionary, 0),
      (
        .call(.global("collections", "defaultdict"), [.global("builtins", "list")]), .dictionary, 0
      ),
      (.call(.global("torch", "Size"), [.tuple([.int(1), .int(2)])]), .tuple, 2),
      (.call(.global("pathlib", "PosixPath"), [.text("/"), .text("home")]), .instance, 2),
      (.call(.global("_codecs", "encode"), [.text("\u{FF}"), .text("latin1")]), .bytes, 1),
      (
        .object(module: "ultralytics.utils.loss", name: "v8DetectionLoss", state: .none), .instance,
        0
      ),
    ] {
      let graph = try run(value.pickle)
      let object = try #require(graph.object(graph.root))
      #expect(object.kind == kind && object.items.count == count)
    }
  }

  /// Protocol 2 spells the bytes of a numpy number as latin1 text.
  @Test(arguments: [("f8", "\0\0\0\0\0\0\u{F8}?"), ("f4", "\0\0\u{C0}?"), ("f2", "\0>")])
  func unboxesNumpyNumbers(type: String, content: String) throws {
    let dtype = Python.call(.global("numpy", "dtype"), [.text(type), .bool(false), .bool(true)])
    let bytes = Python.call(.global("_codecs", "encode"), [.text(content), .text("latin1")])
    let scalar = Python.call(.global("numpy.core.multiarray", "scalar"), [dtype, bytes])
    #expect(try run(scalar.pickle).root == .float(1.5))
  }

  @Test func acceptsABoundForwardOnly() throws {
    let module = Python.object(module: "ultralytics.nn.modules.conv", name: "Conv", state: .none)
    let getattr = Python.global("builtins", "getattr")
    #expect(
      thrown { _ = try run(Python.call(getattr, [module, .text("forward_fuse")]).pickle) } == nil)
    #expect(
      thrown { _ = try run(Python.call(getattr, [module, .text("__class__")]).pickle) }
        == .forbiddenGlobal(file: "test", entry: "data.pkl", name: "builtins.getattr"))
  }

  @Test func refusesMalformedStreams() {
    #expect(
      opening([])?.description
        == "test is an empty file, not an Ultralytics .pt checkpoint or a safetensors file"
    )
    #expect(reason([0x80, 9, 0x4E, 0x2E]).contains("at byte 2: protocol 9 is unknown"))
    #expect(reason([0x2E]).contains("0 values on the stack"))
    #expect(reason([0x4E, 0x4E, 0x2E]).contains("2 values on the stack"))
    #expect(reason([0x28, 0x4E, 0x2E]).contains("values on the stack"))
    #expect(reason([0x85, 0x2E]).contains("stack is empty"))
    #expect(reason([0x74, 0x2E]).contains("no mark is open"))
    #expect(reason([0x4E, 0x28, 0x30, 0x30, 0x30, 0x2E]).contains("stack is empty"))
    // A value below an open mark is out of reach.
    #expect(reason([0x4E, 0x28, 0x85, 0x2E]).contains("stack is empty"))
    #expect(reason([0x68, 3, 0x2E]).contains("memo place 3 is empty"))
    #expect(reason([0x4E, 0x4B, 1, 0x61, 0x2E]).contains("items for a scalar"))
    #expect(reason([0x7D, 0x4B, 1, 0x61, 0x2E]).contains("another kind"))
    #expect(reason([0x7D, 0x28, 0x4B, 1, 0x75, 0x2E]).contains("key without a value"))
    #expect(reason([0x28, 0x4B, 1, 0x64, 0x2E]).contains("key without a value"))
    #expect(reason([0x5D, 0x7D, 0x62, 0x2E]).contains("state for an object that has none"))
    #expect(reason([0x4E, 0x29, 0x52, 0x2E]).contains("not a named object"))
    #expect(reason([0x4E, 0x4E, 0x52, 0x2E]).contains("not a tuple"))
    #expect(reason([0x4E, 0x51, 0x2E]).contains("persistent id"))
    #expect(reason([0x49, 0x31, 0x0A, 0x2E]).contains("unsupported instruction 0x49"))
    #expect(reason([0x82, 1, 0x2E]).contains("unsupported instruction 0x82"))
    #expect(reason([0x58, 0xFF, 0xFF, 0xFF, 0xFF]).contains("a length reaches outside"))
    #expect(
      reason([0x8D] + [UInt8](repeating: 0xFF, count: 8)).contains("a length reaches outside"))
    #expect(reason([0x63] + [UInt8](repeating: 0x61, count: 300)).contains("bytes of a name"))
    #expect(reason([0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E]).contains("memo places"))
  }

  @Test func refusesTensorsWithoutParts() {
    let rebuild = Python.global("torch._utils", "_rebuild_tensor_v2")
    #expect(reason(Python.call(rebuild, []).pickle).contains("a tensor without storage"))
    #expect(
      reason(Python.call(.global("torch._utils", "_rebuild_parameter"), [.int(1)]).pickle)
        .contains("a parameter that is not a tensor"))
    #expect(reason(Python.call(.global("torch", "FloatStorage"), []).pickle).contains("a call of"))
    #expect(
      reason(Python.storage("FloatStorage", key: "0", count: -1).pickle).contains("persistent id"))
    #expect(
      reason(Python.storage("FancyStorage", key: "0", count: 1).pickle).contains(
        "torch.FancyStorage"))
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = Python.model(
      .module(
        "ultralytics.nn.modules.conv.Conv", tensors: [("weight", .tensor(key: "0", shape: [1]))])
    ).pickle
    for length in 1..<whole.count {
      #expect(throws: WeightError.self) { try run(Array(whole[..<length])) }
    }
  }
}
