import Foundation
import YOLO
import YOLOModels
import YOLOTestSupport
import YOLOWeights

/// The sound checkpoints that damage starts from.
package struct FuzzBases {
  /// A sound checkpoint.
  package struct Base {
    /// What it is: a network's name, or the class of its one block or head.
    package let name: String
    /// The checkpoint; not to be changed.
    package let sketch: CheckpointSketch
    /// The path of the block or head that the network is around; empty for a whole network.
    package let focus: String
  }

  /// Why there are no bases.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// The tiny networks of `Tests/Fixtures/networks` and `dense`, then the blocks and heads.
  package private(set) var tiny = [Base]()
  /// One network for each block and head that is known: its smallest record between others.
  package private(set) var single = [Base]()
  /// The models that ship, slow.
  package private(set) var shipped = [Base]()
  /// A module of every class that is known.
  package private(set) var spares = [ModuleSketch]()
  /// The modules that blocks are made of and that are no blocks themselves.
  package private(set) var parts = [ModuleSketch]()

  /// Reads the checkpoints of a repository.
  package init(repository: String) throws {
    let fixtures = repository + "/Tests/Fixtures"
    let networks =
      try Self.checkpoints(in: fixtures + "/networks") + Self.checkpoints(in: fixtures + "/dense")
    for path in networks {
      let checkpoint = try Checkpoint.open(path: path)
      let sketch = CheckpointSketch(checkpoint)
      let name = path.split(separator: "/").last.map(String.init) ?? path
      tiny.append(Base(name: name, sketch: sketch, focus: ""))
    }
    for path in try Self.checkpoints(in: repository + "/Weights") {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      shipped.append(
        Base(
          name: name, sketch: CheckpointSketch(try Checkpoint.open(path: path)), focus: ""))
    }
    try collectSpares()
    try buildSingle()
    let values = HostileValues.all()
    sweep = single.indices.flatMap { index in
      Self.sweep(of: single[index], values).map { (index, $0.path, $0.key, $0.value) }
    }
  }

  /// Each attribute of each kind of module of the blocks and heads, with each of many hostile
  /// values.
  package private(set) var sweep = [(base: Int, path: String, key: String, value: ValueSketch)]()

  /// The attributes that may be missing.
  private static let optional: [String: [String]] = [
    "SPPF": ["n", "add"], "Concat": ["d"], "RepConv": ["g"], "MaxPool2d": ["ceil_mode"],
  ]

  private static func sweep(
    of base: Base, _ values: [ValueSketch]
  ) -> [(path: String, key: String, value: ValueSketch)] {
    guard let center = base.sketch.root[base.focus] else { return [] }
    var seen = Set<String>()
    var result = [(path: String, key: String, value: ValueSketch)]()
    for (path, module) in center.all {
      let keys = module.attributes.map(\.key) + (optional[module.className] ?? [])
      for key in keys where seen.insert("\(module.className).\(key)").inserted {
        for value in values {
          result.append((path.isEmpty ? base.focus : "\(base.focus).\(path)", key, value))
        }
      }
    }
    return result
  }

  private static func checkpoints(in directory: String) throws -> [String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory)
    return names.filter { $0.hasSuffix(".pt") }.sorted().map { "\(directory)/\($0)" }
  }

  /// Finds the smallest module of every class.
  private mutating func collectSpares() throws {
    let known = Set(KnownModules.classNames)
    var smallest = [String: (count: Int, module: ModuleSketch)]()
    for base in tiny {
      for (_, module) in base.sketch.root.all where known.contains(module.className) {
        let count = module.all.count
        if let present = smallest[module.className], present.count <= count { continue }
        // The container of all layers is no block.
        if module.className == "Sequential", count > 8 { continue }
        smallest[module.className] = (count, module)
      }
    }
    spares = known.sorted().compactMap { smallest[$0]?.module }
    parts = try Self.parts(of: tiny)
    let missing = known.filter { smallest[$0] == nil }
    guard missing.isEmpty else {
      throw Failure(description: "no network of Tests/Fixtures has \(missing.sorted())")
    }
  }

  private static func parts(of bases: [Base]) throws -> [ModuleSketch] {
    let all = bases.flatMap { $0.sketch.root.all.map(\.module) }
    let wanted = ["BatchNorm2d", "ModuleList", "Linear", "AdaptiveAvgPool2d", "DFL"]
    let found = try wanted.map { name in
      guard let module = all.first(where: { $0.className == name }) else {
        throw Failure(description: "no network of Tests/Fixtures has a \(name)")
      }
      return module
    }
    return found
      + ["SiLU", "Identity", "ReLU", "LeakyReLU", "Hardswish", "GELU"].map {
        ModuleSketch(
          "torch.nn.modules.activation.\($0)", attributes: [("negative_slope", .float(0.1))])
      }
  }

  private func spare(_ className: String) throws -> ModuleSketch {
    guard let module = spares.first(where: { $0.className == className }) else {
      throw Failure(description: "no \(className) among the spares")
    }
    return module.copy()
  }

  /// Builds a network around each spare, and checks that it predicts.
  private mutating func buildSingle() throws {
    var random = SplitMix64(seed: 1)
    for module in try spares + variants(using: &random) {
      let name = module.className
      let center = module.copy()
      let layers = try layers(around: center, using: &random)
      let position = layers.firstIndex { $0 === center } ?? 0
      for layer in layers {
        if layer[attribute: "f"] == nil { layer[attribute: "f"] = .int(-1) }
      }
      let root = ModuleSketch(
        "ultralytics.nn.tasks.DetectionModel",
        attributes: [
          ("names", .dictionary([(.int(0), .string("a")), (.int(1), .string("b"))])),
          ("stride", .list([.float(8), .float(16), .float(32)])),
        ],
        children: [
          (
            "model",
            ModuleSketch(
              "torch.nn.modules.container.Sequential",
              children: layers.enumerated().map { ("\($0.offset)", $0.element) })
          )
        ])
      var sketch = CheckpointSketch(root)
      var failure = "it needs too many changes"
      healing: for _ in 0..<40 {
        do {
          let checkpoint = try Checkpoint(bytes: sketch.bytes(.safetensors))
          _ = try Network(checkpoint)
          failure = ""
          break healing
        } catch let error as ModelError {
          guard sketch.heal(error, using: &random) else {
            failure = "\(error)"
            break healing
          }
        }
      }
      guard failure.isEmpty else {
        throw Failure(description: "the network around a \(name) is not sound: \(failure)")
      }
      single.append(Base(name: name, sketch: sketch, focus: "model.\(position)"))
    }
  }

  /// Returns blocks in forms that the networks do not have.
  private func variants(using random: inout SplitMix64) throws -> [ModuleSketch] {
    // Beside its convolutions the normalized input.
    let rep = try spare("RepConv")
    guard
      let channels = rep.all.first(where: { $0.module.className == "Conv2d" })?
        .module[attribute: "out_channels"]?.int,
      let normalization = parts.first(where: { $0.className == "BatchNorm2d" })
    else { throw Failure(description: "the spare RepConv has no convolutions") }
    for (_, convolution) in rep.all where convolution.className == "Conv2d" {
      convolution[attribute: "in_channels"] = .int(channels)
      convolution.fitTensors(using: &random)
    }
    let identity = normalization.copy()
    identity.fitTensors(channels: channels, using: &random)
    rep.children.append(("bn", identity))
    rep[attribute: "g"] = .int(1)
    // What was saved fused: no normalizations, and one convolution of several.
    let fused = try spare("C2f")
    for (_, conv) in fused.all where conv.className == "Conv" {
      conv.children.removeAll { $0.name == "bn" }
    }
    return [rep, fused]
  }

  /// Returns the layers of a network that has a block or head.
  private func layers(
    around module: ModuleSketch, using random: inout SplitMix64
  ) throws -> [ModuleSketch] {
    func stem(_ input: Int, _ output: Int, _ random: inout SplitMix64) throws -> ModuleSketch {
      let stem = try spare("Conv")
      guard let convolution = stem["conv"] else {
        throw Failure(description: "the spare Conv has no conv")
      }
      for (key, value) in [
        ("kernel_size", 3), ("stride", 2), ("padding", 1), ("dilation", 1), ("groups", 1),
        ("in_channels", input), ("out_channels", output),
      ] { convolution[attribute: key] = .int(value) }
      convolution.fitTensors(using: &random)
      stem["bn"]?.fitTensors(channels: output, using: &random)
      stem[attribute: "f"] = nil
      return stem
    }
    func firstChannels(_ module: ModuleSketch?) -> Int {
      // Modules without a convolution say it of themselves, or their first matrix does.
      for key in ["num_features", "num_channels", "num_parameters"] {
        if let channels = module?[attribute: key]?.int { return channels }
      }
      if module?.className == "LayerNorm2d" {
        return module?.tensors.first { $0.name == "weight" }?.tensor.shape.first ?? 8
      }
      let first = module?.all.first { ["Conv2d", "Linear"].contains($0.module.className) }?.module
      return first?[attribute: "in_channels"]?.int ?? first?[attribute: "in_features"]?.int ?? 8
    }
    module[attribute: "f"] = nil
    switch module.className {
    case "Classify": return [try stem(3, firstChannels(module), &random), module]
    case _ where module["cv2"]?.className == "ModuleList" && module["cv3"] != nil:
      // A head: a level for each of its branches.
      let levels = module["cv2"]?.children ?? []
      var layers = [ModuleSketch]()
      var channels = 3
      for (_, branch) in levels {
        let next = firstChannels(branch)
        layers.append(try stem(channels, next, &random))
        channels = next
      }
      module[attribute: "f"] = .list(levels.indices.map { .int($0) })
      return layers + [module]
    case "RTDETRDecoder", "Depth":
      var layers = [ModuleSketch]()
      var channels = 3
      for (_, projection) in (module["input_proj"] ?? module["proj"])?.children ?? [] {
        let next = firstChannels(projection)
        layers.append(try stem(channels, next, &random))
        channels = next
      }
      module[attribute: "f"] = .list(layers.indices.map { .int($0) })
      return layers + [module]
    case "SemanticSegment":
      module[attribute: "f"] = .list([.int(0)])
      return [try stem(3, firstChannels(module["classifier"]), &random), module]
    case "Focus":
      // Four pixels are the channels of its convolution.
      let classify = try spare("Classify")
      return [try stem(3, firstChannels(module) / 4, &random), module, classify]
    case "Index":
      let linear = try spare("CBLinear")
      linear[attribute: "f"] = nil
      let channels = linear[attribute: "c2s"]?.int ?? 8
      return [try stem(3, channels, &random), linear, module, try spare("Classify")]
    case "Concat":
      module[attribute: "f"] = .list([.int(-1), .int(0)])
    case "CBFuse":
      let linear = try spare("CBLinear")
      linear[attribute: "f"] = nil
      module[attribute: "f"] = .list([.int(1), .int(0)])
      module[attribute: "idx"] = .list([.int(0)])
      let channels = linear[attribute: "c2s"]?.int ?? 8
      return [
        try stem(3, channels, &random), linear, module, try spare("Classify"),
      ]
    case "CBLinear":
      let fuse = try spare("CBFuse")
      fuse[attribute: "f"] = .list([.int(1), .int(0)])
      fuse[attribute: "idx"] = .list([.int(0)])
      return [
        try stem(3, module[attribute: "c2s"]?.int ?? 8, &random), module, fuse,
        try spare("Classify"),
      ]
    case "Proto26":
      let count = (module["feat_refine"]?.children.count ?? 0) + 1
      module[attribute: "f"] = .list([ValueSketch](repeating: .int(-1), count: count))
    default: break
    }
    let classify = try spare("Classify")
    classify[attribute: "f"] = nil
    let second = module.className == "Conv2d" ? module[attribute: "in_channels"]?.int : nil
    return [try stem(3, second ?? firstChannels(module), &random), module, classify]
  }
}
