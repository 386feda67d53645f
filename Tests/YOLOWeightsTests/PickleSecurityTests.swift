import Testing
import YOLOTestSupport
import YOLOWeights

/// Attacks on whoever opens a checkpoint.
///
/// None may run, hang, crash or take memory beyond its bound.
@Suite struct PickleSecurityTests {
  /// Every way in which a pickle can name an object and have it called.
  private enum Route: CaseIterable {
    case global, stackGlobal, instance, object, newObject

    func payload(_ module: String, _ name: String) -> [UInt8] {
      let argument: [UInt8] = [0x8C, 2, 0x69, 0x64]  // "id"
      let global = [0x63] + Array("\(module)\n\(name)\n".utf8)
      switch self {
      case .global: return [0x80, 2] + global + argument + [0x85, 0x52, 0x2E]
      case .stackGlobal:
        let names =
          [0x8C, UInt8(module.utf8.count)] + Array(module.utf8) + [0x8C, UInt8(name.utf8.count)]
          + Array(name.utf8)
        return [0x80, 4] + names + [0x93] + argument + [0x85, 0x52, 0x2E]
      case .instance:
        return [0x80, 2, 0x28] + argument + [0x69] + Array("\(module)\n\(name)\n".utf8) + [0x2E]
      case .object: return [0x80, 2, 0x28] + global + argument + [0x6F, 0x2E]
      case .newObject: return [0x80, 2] + global + argument + [0x85, 0x81, 0x2E]
      }
    }
  }

  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "eval"),
    ("builtins", "exec"), ("__builtin__", "eval"), ("builtins", "__import__"),
    ("subprocess", "Popen"), ("importlib", "import_module"), ("torch", "load"),
    ("torch.hub", "load"), ("torch._utils", "_import_dotted_name"), ("runpy", "run_path"),
    ("operator", "attrgetter"), ("functools", "reduce"), ("collections", "namedtuple"),
    ("builtins", "map"), ("builtins", "open"), ("logging", "FileHandler"), ("torch", "compile"),
    ("ultralyticsx", "run"), ("numpyro", "run"), ("__main__", "Model"), ("", "system"),
  ])
  func foreignObjectsAreRefusedByName(module: String, name: String) {
    for route in Route.allCases {
      let error = opening(pickle: route.payload(module, name))
      #expect(
        error
          == .forbiddenGlobal(file: "test", entry: "archive/data.pkl", name: "\(module).\(name)"))
    }
  }

  @Test func namesInMessagesCannotDriveATerminal() {
    let error = opening(pickle: Route.stackGlobal.payload("os\u{1B}[2J", "system"))
    #expect(error?.description.contains("\u{1B}") == false)
    #expect(error?.description.contains("os\\u{1b}[2J.system") == true)
  }

  @Test func harmlessClassesStayInert() throws {
    for route in Route.allCases {
      let graph = try run(route.payload("ultralytics.nn.modules.conv", "Conv"))
      #expect(graph.object(graph.root)?.kind == .instance)
    }
  }

  @Test func aMillionNestedListsAreHarmless() throws {
    let depth = 1_000_000
    let lists =
      [UInt8](repeating: 0x5D, count: depth) + [UInt8](repeating: 0x61, count: depth - 1)
    _ = try run([0x80, 2] + lists + [0x2E])
    // As an attribute, where values are converted.
    let few =
      [UInt8](repeating: 0x5D, count: depth / 2) + [UInt8](repeating: 0x61, count: depth / 2 - 1)
    let model = Python.model(
      .module("ultralytics.nn.modules.conv.Conv"), attributes: [("deep", .raw(few))])
    let checkpoint = try Checkpoint(bytes: ZipBuilder(pickle: model.pickle).bytes)
    #expect(checkpoint.model.attributes["deep"] != nil)
    walk(checkpoint)
  }

  @Test func nestedTuplesAndMarksAreBounded() {
    let tuples = [0x80, 2, 0x29] + [UInt8](repeating: 0x85, count: 1_500_000) + [0x2E]
    #expect(
      thrown { _ = try run(tuples) }
        == .limitExceeded(file: "test", at: "data.pkl", what: "objects", limit: 1_000_000))
    let marks = [0x80, 2] + [UInt8](repeating: 0x28, count: 1_500_000) + [0x2E]
    #expect(
      thrown { _ = try run(marks) }
        == .limitExceeded(file: "test", at: "data.pkl", what: "open marks", limit: 100_000))
    let pushes = [0x80, 2] + [UInt8](repeating: 0x4E, count: 1_500_000) + [0x2E]
    #expect(
      thrown { _ = try run(pushes) }
        == .limitExceeded(file: "test", at: "data.pkl", what: "stack", limit: 1_000_000))
    let endless =
      [0x80, 2] + [UInt8](repeating: 0x28, count: 2)
      + (0..<2_500_000).flatMap { _ in [0x4E, 0x30] as [UInt8] } + [0x2E]
    #expect(
      thrown { _ = try run(endless) }
        == .limitExceeded(file: "test", at: "data.pkl", what: "instructions", limit: 4_000_000))
  }

  @Test func differentStringsAreBounded() {
    // Every text is dropped again, so that only the table of strings grows.
    var texts: [UInt8] = [0x80, 2]
    for number in 0..<500_001 {
      texts += [0x8C, 4]
      for shift in [0, 6, 12, 18] { texts.append(0x30 + UInt8(number >> shift & 63)) }
      texts.append(0x30)
    }
    #expect(
      thrown { _ = try run(texts + [0x4E, 0x2E]) }
        == .limitExceeded(
          file: "test", at: "data.pkl", what: "different strings", limit: 500_000))
  }

  /// Each list holds the one before ten times: 10⁴⁰ values when written out.
  private var laughs: [UInt8] {
    var bytes: [UInt8] = [0x5D, 0x71, 0]
    for level in 1...40 as ClosedRange<UInt8> {
      bytes += [0x5D, 0x28]
      for _ in 0..<10 { bytes += [0x68, level - 1] }
      bytes += [0x65, 0x71, level]
    }
    // Every list but the last is still on the stack: fold them into one tuple with the last.
    return [0x28] + bytes + [0x74]
  }

  @Test func sharedListsAreNotMultiplied() {
    let model = Python.model(
      .module("ultralytics.nn.modules.conv.Conv"), attributes: [("laughs", .raw(laughs))])
    #expect(
      opening(pickle: model.pickle)
        == .limitExceeded(
          file: "test", at: "", what: "attribute values", limit: RecordLimits.values))
  }

  @Test func sharedModulesAreNotMultiplied() {
    // Each module holds the one before twice: 2²⁰ modules when written out.
    var layer = Python.raw(
      memorized(.module("torch.nn.modules.linear.Identity"), at: 0))
    for level in 1...20 as ClosedRange<UInt8> {
      layer = .raw(
        memorized(
          .module(
            "torch.nn.modules.container.Sequential",
            children: [("a", layer), ("b", .raw([0x68, level - 1]))]), at: level))
    }
    #expect(
      opening(pickle: Python.model(layer).pickle).map {
        if case .limitExceeded(_, _, "modules", RecordLimits.modules) = $0 { true } else { false }
      } == true)
  }

  @Test func sharedLongTextIsNotMultiplied() {
    // One text of a megabyte, a thousand times in a list.
    let text = Python.raw(memorized(.text(String(repeating: "x", count: 1 << 20)), at: 0))
    let list = Python.list([text] + [Python](repeating: .raw([0x68, 0]), count: 1000))
    let model = Python.model(
      .module("ultralytics.nn.modules.conv.Conv"), attributes: [("text", list)])
    #expect(
      opening(pickle: model.pickle)
        == .limitExceeded(
          file: "test", at: "", what: "attribute values", limit: RecordLimits.values))
  }

  @Test func sharedTensorsAreNotMultiplied() {
    // One tensor of four megabytes under a hundred names.
    let count = 1 << 20
    let tensor = Python.raw(memorized(.tensor(key: "0", shape: [count]), at: 0))
    let tensors = (0..<100).map { ("t\($0)", $0 == 0 ? tensor : .raw([0x68, 0])) }
    let model = Python.model(.module("ultralytics.nn.modules.conv.Conv", tensors: tensors))
    let error = opening(
      pickle: model.pickle, storages: ["0": [UInt8](repeating: 0, count: 4 * count)])
    #expect(error?.description.contains("bytes of tensors") == true)
  }

  @Test func cyclicAttributesEnd() throws {
    // a = []; a.append(a); d = {"a": a, "d": d}
    let list: [UInt8] = [0x5D, 0x71, 0, 0x68, 0, 0x61]
    let dictionary: [UInt8] =
      [0x7D, 0x71, 1, 0x28, 0x8C, 1, 0x61] + list + [0x8C, 1, 0x64, 0x68, 1, 0x75]
    let model = Python.model(
      .module("ultralytics.nn.modules.conv.Conv"), attributes: [("cycle", .raw(dictionary))])
    let checkpoint = try Checkpoint(bytes: ZipBuilder(pickle: model.pickle).bytes)
    let cycle = try #require(checkpoint.model.attributes["cycle"])
    #expect("\(cycle)" == "{\"a\": [(a cycle)], \"d\": (a cycle)}")
    walk(checkpoint)
  }

  @Test func cyclicModulesAreRefused() {
    // children["self"] = the module itself, through the memo.
    let start: [UInt8] = [0x63] + Array("torch.nn.modules.container\nSequential\n".utf8)
    let children = Python.entries([("self", .raw([0x68, 7]))])
    let state = Python.entries([("_parameters", .entries([])), ("_modules", children)])
    let stateBytes = Array(state.pickle.dropFirst(2).dropLast())
    let module = Python.raw(start + [0x29, 0x81, 0x71, 7] + stateBytes + [0x62])
    let error = opening(pickle: Python.model(module).pickle)
    #expect(error?.description.contains("modules inside one another, at most 32") == true)
  }

  @Test func deeplyNestedModulesAreRefused() {
    var layer = Python.module("torch.nn.modules.linear.Identity")
    for _ in 0..<40 {
      layer = .module("torch.nn.modules.container.Sequential", children: [("0", layer)])
    }
    let error = opening(pickle: Python.model(layer).pickle)
    #expect(error?.description.contains("modules inside one another, at most 32") == true)
  }

  @Test func namesThatAreNoPathComponentsAreRefused() {
    for name in ["", "a.b", String(repeating: "n", count: 200)] {
      let child = Python.module(
        "torch.nn.modules.container.Sequential",
        children: [(name, .module("torch.nn.modules.linear.Identity"))])
      #expect(opening(pickle: Python.model(child).pickle)?.description.contains("names") == true)
    }
  }

  private func memorized(_ value: Python, at position: UInt8) -> [UInt8] {
    value.pickle.dropFirst(2).dropLast() + [0x71, position]
  }
}
