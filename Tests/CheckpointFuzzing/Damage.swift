import YOLOModels
import YOLOTensor
package import YOLOTestSupport
import YOLOWeights

/// Injuries to the structure of a checkpoint: what its modules say, and how they hang together.
package struct Damage {
  /// Modules to put where they do not belong: some of every class that is known.
  private let spares: [ModuleSketch]
  private let parts: [ModuleSketch]
  /// The path of the module that most damage is meant for; empty for all.
  private let focus: String
  private var random: SplitMix64
  /// What was done, for whoever looks at a case.
  package private(set) var log = [String]()

  /// Prepares the damage that belongs to a seed.
  package init(
    spares: [ModuleSketch], parts: [ModuleSketch], focus: String, using random: SplitMix64
  ) {
    self.spares = spares
    self.parts = parts
    self.focus = focus
    self.random = random
  }

  /// Injures a checkpoint once.
  package mutating func apply(to sketch: inout CheckpointSketch) {
    let modules = sketch.root.all
    // The damage of a whole network is mostly in its deep modules; that of the layers counts, too.
    let path: String
    let module: ModuleSketch
    if let center = focus.isEmpty ? nil : sketch.root[focus], !chance(4) {
      let focus = focus
      (path, module) =
        chance(2)
        ? (focus, center)
        : pick(center.all.map { ($0.path.isEmpty ? focus : "\(focus).\($0.path)", $0.module) })
    } else {
      (path, module) = chance(4) && !sketch.layers.isEmpty ? layer(of: sketch) : pick(modules)
    }
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<5: changeAttribute(of: module, path)
    case 5, 6: changeWindow(in: modules)
    case 7, 8: changeChannels(in: modules)
    case 9: addAttribute(to: module, path)
    case 10: changeSources(of: sketch)
    case 11, 12: changeChildren(of: module, path, modules)
    case 13: changeClass(of: module, path)
    case 14, 15: changeTensor(of: module, path, modules)
    case 16: changeNumbers(in: modules)
    case 17: changeModel(&sketch)
    case 18: changeHead(of: sketch)
    default: nest(module, path, modules)
    }
  }

  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &random)]
  }

  private mutating func layer(of sketch: CheckpointSketch) -> (path: String, module: ModuleSketch) {
    let (name, module) = pick(sketch.layers)
    return ("model.\(name)", module)
  }

  private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

  // MARK: - Attributes

  private mutating func changeAttribute(of module: ModuleSketch, _ path: String) {
    guard !module.attributes.isEmpty else { return addAttribute(to: module, path) }
    let index = Int.random(in: 0..<module.attributes.count, using: &random)
    let key = module.attributes[index].key
    switch Int.random(in: 0..<8, using: &random) {
    case 0:
      module.attributes.remove(at: index)
      log.append("\(path): without \(key)")
    case 1, 2, 3:
      let value = HostileValues.value(using: &random)
      module.attributes[index].value = value
      log.append("\(path): \(key) = \(value.summary)")
    default:
      let value = HostileValues.variation(of: module.attributes[index].value, using: &random)
      module.attributes[index].value = value
      log.append("\(path): \(key) = \(value.summary)")
    }
  }

  private static let keys = ModuleSketch.keys.sorted()

  private mutating func addAttribute(to module: ModuleSketch, _ path: String) {
    let key = pick(Self.keys)
    let value = HostileValues.value(using: &random)
    module[attribute: key] = value
    log.append("\(path): \(key) = \(value.summary)")
  }

  private static let windowed: Set = ["Conv2d", "ConvTranspose2d", "MaxPool2d", "ZeroPad2d"]

  /// Sets a window to other numbers, each of which is allowed.
  private mutating func changeWindow(in modules: [(path: String, module: ModuleSketch)]) {
    let windows = modules.filter { Self.windowed.contains($0.module.className) }
    guard !windows.isEmpty else { return }
    let (path, module) = pick(windows)
    func number(_ small: ClosedRange<Int>, _ large: [Int], _ random: inout SplitMix64) -> Int {
      Int.random(in: 0..<4, using: &random) == 0
        ? large[Int.random(in: 0..<large.count, using: &random)]
        : Int.random(in: small, using: &random)
    }
    let ranges: [(key: String, small: ClosedRange<Int>, large: [Int])] = [
      ("kernel_size", 1...7, [8, 9, 13, 16, 31, 32, 63, 64]),
      ("stride", 1...4, [5, 7, 16, 33, 64]),
      ("padding", 0...4, [6, 8, 16, 31, 32, 63, 64]), ("dilation", 1...3, [4, 8, 15, 16]),
    ]
    for (key, small, large) in ranges where !chance(3) {
      let height = number(small, large, &random)
      let width = chance(3) ? number(small, large, &random) : height
      module[attribute: key] =
        module.className == "ZeroPad2d"
        ? .tuple([.int(height), .int(width), .int(width), .int(height)])
        : .tuple([.int(height), .int(width)])
      log.append("\(path): \(key) = \(height), \(width)")
    }
    module.fitTensors(using: &random)
  }

  /// Sets a convolution to other channels or groups, and weights of that shape.
  private mutating func changeChannels(in modules: [(path: String, module: ModuleSketch)]) {
    let convolutions = modules.filter {
      ["Conv2d", "ConvTranspose2d", "Linear"].contains($0.module.className)
    }
    guard !convolutions.isEmpty else { return }
    let (path, module) = pick(convolutions)
    let key = pick(["in_channels", "out_channels", "groups", "groups"])
    let choices = [
      1, 2, 3, 4, 5, 6, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48, 64, 100, 255, 4096, 65536,
    ]
    let value = chance(4) ? HostileValues.int(using: &random) : pick(choices)
    module[attribute: key] = .int(value)
    module.fitTensors(using: &random)
    // The normalization after it, too.
    if let parent = modules.first(where: { parent in
      parent.module.children.contains { $0.module === module }
    }), let bn = parent.module["bn"] {
      bn.fitTensors(channels: module[attribute: "out_channels"]?.int, using: &random)
    }
    log.append("\(path): \(key) = \(value), with such weights")
  }

  /// Lets a layer read from others.
  private mutating func changeSources(of sketch: CheckpointSketch) {
    guard !sketch.layers.isEmpty else { return }
    let (path, module) = layer(of: sketch)
    func source(_ random: inout SplitMix64) -> ValueSketch {
      Int.random(in: 0..<6, using: &random) == 0
        ? .int(HostileValues.int(using: &random))
        : .int(Int.random(in: -sketch.layers.count - 1...sketch.layers.count, using: &random))
    }
    let value: ValueSketch
    switch Int.random(in: 0..<6, using: &random) {
    case 0: value = .list([])
    case 1: value = HostileValues.value(using: &random)
    case 2:
      value = .list(
        [ValueSketch](repeating: .int(-1), count: pick([2, 3, 40, chance(8) ? 5000 : 4])))
    case 3: value = source(&random)
    default: value = .list((0..<pick([1, 2, 2, 3, 3, 4])).map { _ in source(&random) })
    }
    module[attribute: "f"] = value
    log.append("\(path): f = \(value.summary)")
  }

  /// Changes what the head says of its outputs.
  private mutating func changeHead(of sketch: CheckpointSketch) {
    guard let (name, head) = sketch.layers.last else { return }
    let key = pick(["nc", "reg_max", "stride", "kpt_shape", "nm", "ne", "nl", "no"])
    let value: ValueSketch
    switch key {
    case "stride":
      let count = head["cv2"]?.children.count ?? 3
      value = .list(
        (0..<count).map { _ in .float(pick([1, 2, 4, 7, 8, 16, 32, 33, 64, 100, 512, 1024])) })
    case "kpt_shape": value = .list([.int(pick([1, 2, 3, 17, 100, 4096])), .int(pick([2, 3]))])
    default: value = .int(pick([1, 2, 3, 4, 5, 15, 16, 17, 32, 80, 256, 1000, 4096, 65_536]))
    }
    head[attribute: key] = value
    log.append("model.\(name): \(key) = \(value.summary)")
  }

  // MARK: - Structure

  /// The names of the children that any block or head reads.
  private static let names = [
    "conv", "bn", "bn", "act", "cv1", "cv2", "cv3", "cv4", "cv5", "conv1", "conv2", "m", "attn",
    "ffn",
    "mlp", "qkv", "qk", "v", "pe", "proj", "shortcut", "layer", "upsample", "feat_refine",
    "feat_fuse", "semseg", "cv4_kpts", "cv4_sigma", "one2one_cv2", "one2one_cv3", "one2one_cv4",
    "dfl",
    "pool", "drop", "linear", "conv_transpose", "0", "1",
  ]

  /// Returns a copy of any module: often one that blocks are made of.
  private mutating func anyModule() -> ModuleSketch { pick(chance(3) ? parts : spares).copy() }

  /// Puts a module in that blocks look for.
  private mutating func addChild(to module: ModuleSketch, _ path: String) {
    let name = pick(Self.names)
    let child = anyModule()
    if child.className == "BatchNorm2d" {
      let near = module.all.first { $0.module[attribute: "out_channels"] != nil }?.module
      child.fitTensors(channels: near?[attribute: "out_channels"]?.int, using: &random)
    }
    module.children.append((name, child))
    log.append("\(path): a child \(name), a \(child.className)")
  }

  private mutating func changeChildren(
    of module: ModuleSketch, _ path: String, _ modules: [(path: String, module: ModuleSketch)]
  ) {
    guard !module.children.isEmpty, !chance(4) else { return addChild(to: module, path) }
    let index = Int.random(in: 0..<module.children.count, using: &random)
    let name = module.children[index].name
    switch Int.random(in: 0..<12, using: &random) {
    case 0:
      module.children.remove(at: index)
      log.append("\(path): without child \(name)")
    case 1:
      module.children.append((name, module.children[index].module))
      log.append("\(path): child \(name) twice")
    case 2:
      module.children.append((name + "x", module.children[index].module))
      log.append("\(path): child \(name) also as \(name)x")
    case 3:
      let other = Int.random(in: 0..<module.children.count, using: &random)
      let moved = module.children[index].module
      module.children[index].module = module.children[other].module
      module.children[other].module = moved
      log.append("\(path): children \(name) and \(module.children[other].name) swapped")
    case 4, 5:
      let spare = anyModule()
      module.children[index].module = spare
      log.append("\(path): child \(name) is a \(spare.className)")
    case 6:
      let (source, shared) = pick(modules)
      module.children[index].module = shared
      log.append("\(path): child \(name) is \(source) itself")
    case 7:
      module.children[index].module = module
      log.append("\(path): child \(name) is the module itself")
    case 8:
      let names = [
        "", "a.b", "cv1", "conv", "bn", "0", "\u{0}", String(repeating: "y", count: 200),
      ]
      module.children[index].name = pick(names)
      log.append("\(path): child \(name) renamed")
    case 9:
      module.children.removeAll()
      log.append("\(path): without children")
    case 10:
      let other = Int.random(in: 0...index, using: &random)
      module.children.insert((pick(Self.names), module.children[index].module), at: other)
      log.append("\(path): child \(name) also as another one")
    default:
      // Many of one block: what is quadratic in the modules shows.
      let count = pick([2, 3, 10, 30, chance(8) ? 1000 : 4])
      for copy in 0..<count {
        module.children.append(("\(1000 + copy)", module.children[index].module))
      }
      log.append("\(path): child \(name) \(count) times")
    }
  }

  private mutating func changeClass(of module: ModuleSketch, _ path: String) {
    let names =
      KnownModules.classNames + [
        "BatchNorm2d", "SiLU", "ReLU", "LeakyReLU", "Hardswish", "ModuleList", "Linear",
        "AdaptiveAvgPool2d", "Unknown", "",
      ]
    let name = pick(names)
    module.qualifiedName = "ultralytics.nn.modules.block." + name
    log.append("\(path): of class \(name)")
  }

  /// Puts a module into blocks inside blocks.
  private mutating func nest(
    _ module: ModuleSketch, _ path: String, _ modules: [(path: String, module: ModuleSketch)]
  ) {
    guard
      let parent = modules.first(where: { parent in
        parent.module.children.contains { $0.module === module }
      })?.module,
      let index = parent.children.firstIndex(where: { $0.module === module })
    else { return }
    let depth = pick([1, 2, 5, 20, 30, 40])
    let width = pick([1, 1, 1, 2])
    var nested = module
    for _ in 0..<depth {
      // Twice the same one inside: twice as much at every level, for whoever writes it out.
      nested = ModuleSketch(
        "torch.nn.modules.container.Sequential",
        children: (0..<width).map { ("\($0)", nested) })
    }
    // A layer keeps saying what it reads.
    if let sources = module[attribute: "f"] { nested[attribute: "f"] = sources }
    parent.children[index].module = nested
    log.append("\(path): in \(depth) Sequential, \(width) of each")
  }

  // MARK: - Tensors

  private mutating func changeTensor(
    of module: ModuleSketch, _ path: String, _ modules: [(path: String, module: ModuleSketch)]
  ) {
    let owners = module.tensors.isEmpty ? modules.filter { !$0.module.tensors.isEmpty } : []
    let (path, module) = owners.isEmpty ? (path, module) : pick(owners)
    guard !module.tensors.isEmpty else { return }
    let index = Int.random(in: 0..<module.tensors.count, using: &random)
    let name = module.tensors[index].name
    var tensor = module.tensors[index].tensor
    switch Int.random(in: 0..<13, using: &random) {
    case 0:
      module.tensors.remove(at: index)
      return log.append("\(path): without tensor \(name)")
    case 1:
      module.tensors.append((pick(["bias", "weight", "gamma", name]), tensor))
    case 2: tensor.shape = tensor.shape.reversed()
    case 3: tensor.shape.append(1)
    case 4: if !tensor.shape.isEmpty { tensor.shape.removeLast() }
    case 5:
      guard !tensor.shape.isEmpty else { break }
      tensor.shape[Int.random(in: 0..<tensor.shape.count, using: &random)] =
        HostileValues.int(using: &random)
    case 6: tensor = HostileValues.tensor(using: &random)
    case 7: tensor.elementType = pick(ElementType.allCases)
    case 8:
      tensor.strides = [Int](repeating: 0, count: tensor.shape.count)
    case 9:
      tensor.strides = tensor.shape.map { _ in HostileValues.int(using: &random) }
    case 10: tensor.offset = HostileValues.int(using: &random)
    case 11:
      // A huge shape of repeated elements.
      tensor.shape = tensor.shape.map { _ in pick([1, 16, 1024, 65_536]) }
      tensor.strides = [Int](repeating: 0, count: tensor.shape.count)
    default: tensor.storage = pick(modules.flatMap { $0.module.tensors }).tensor.storage
    }
    module.tensors[index].tensor = tensor
    log.append("\(path): tensor \(name) \(tensor.elementType) \(tensor.shape)")
  }

  /// Fills a weight with numbers that make others of their kind.
  private mutating func changeNumbers(in modules: [(path: String, module: ModuleSketch)]) {
    let owners = modules.filter { !$0.module.tensors.isEmpty }
    guard !owners.isEmpty else { return }
    let (path, module) = pick(owners)
    let index = Int.random(in: 0..<module.tensors.count, using: &random)
    let tensor = module.tensors[index].tensor
    guard let count = TensorSketch.count(tensor.shape), count <= 1 << 18 else { return }
    let number = pick([
      Float.nan, .infinity, -.infinity, 1e30, -1e30, 3e38, .leastNonzeroMagnitude, 0, 100, -100,
    ])
    var values = [Float](repeating: number, count: count)
    if count > 1, chance(2) {
      for index in 1..<count { values[index] = Float.random(in: -1...1, using: &random) }
    }
    module.tensors[index].tensor = TensorSketch(shape: tensor.shape, values: values)
    log.append("\(path): tensor \(module.tensors[index].name) has \(number)")
  }

  // MARK: - The model

  private mutating func changeModel(_ sketch: inout CheckpointSketch) {
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      sketch.imageSize = HostileValues.value(using: &random)
      log.append("imgsz = \(sketch.imageSize.summary)")
    case 1:
      let key = pick(["names", "stride", "task", "args", "yaml"])
      let value = HostileValues.value(using: &random)
      sketch.root[attribute: key] = value
      log.append("the model: \(key) = \(value.summary)")
    case 2:
      guard let layers = sketch.root["model"] else { return }
      layers.children.shuffle(using: &random)
      log.append("layers shuffled")
    case 3:
      guard let layers = sketch.root["model"], !layers.children.isEmpty else { return }
      layers.children.removeLast(Int.random(in: 1...layers.children.count, using: &random))
      log.append("\(layers.children.count) layers left")
    case 4:
      guard let layers = sketch.root["model"], !layers.children.isEmpty else { return }
      let spare = pick(spares).copy()
      if spare[attribute: "f"] == nil { spare[attribute: "f"] = .int(-1) }
      let index = Int.random(in: 0..<layers.children.count, using: &random)
      layers.children.insert(("new", spare), at: index)
      log.append("a \(spare.className) before layer \(index)")
    default:
      guard let layers = sketch.root["model"], let layer = layers.children.first else { return }
      // One layer again and again: many values, and what is quadratic in them shows.
      let count = pick([3, 10, 30, 100, chance(16) ? 4000 : 5])
      let repeated = layer.module.copy()
      repeated[attribute: "f"] = .int(0)
      for copy in 0..<count { layers.children.insert(("r\(copy)", repeated), at: 1) }
      log.append("\(count) layers more")
    }
  }
}

extension ModuleSketch {
  /// Assigns to a convolution, pooling or linear module tensors of the shapes that its attributes
  /// ask for, where they are of a reasonable size.
  package func fitTensors(using random: inout SplitMix64) {
    func attribute(_ key: String, default: Int) -> Int { self[attribute: key]?.int ?? `default` }
    func pair(_ key: String) -> [Int] {
      let values = self[attribute: key]?.ints ?? [1, 1]
      return values.count == 2 ? values : [values.first ?? 1, values.first ?? 1]
    }
    let input = attribute(className == "Linear" ? "in_features" : "in_channels", default: 1)
    let output = attribute(className == "Linear" ? "out_features" : "out_channels", default: 1)
    let groups = attribute("groups", default: 1)
    let shape: [Int]
    switch className {
    case "Conv2d":
      shape = [output, groups == 0 || groups == -1 ? input : input / groups] + pair("kernel_size")
    case "ConvTranspose2d", "DWConvTranspose2d":
      shape = [input, groups == 0 || groups == -1 ? output : output / groups] + pair("kernel_size")
    case "Linear": shape = [output, input]
    default: return
    }
    if let weight = TensorSketch(shape: shape, around: 0, upTo: 0.3, using: &random) {
      setTensor("weight", weight)
    }
    if tensors.contains(where: { $0.name == "bias" }),
      let bias = TensorSketch(shape: [output], around: 0, upTo: 0.3, using: &random)
    {
      setTensor("bias", bias)
    }
  }

  /// Assigns tensors to a normalization for some channels.
  package func fitTensors(channels: Int?, using random: inout SplitMix64) {
    guard let channels else { return }
    for (name, mean) in [
      ("weight", 1 as Float), ("bias", 0), ("running_mean", 0), ("running_var", 1),
    ] {
      guard
        let tensor = TensorSketch(shape: [channels], around: mean, upTo: 0.3, using: &random)
      else { continue }
      setTensor(name, tensor)
    }
  }
}

extension ValueSketch {
  /// A short form for the log.
  package var summary: String {
    switch self {
    case .none: "None"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): "“\(value.prefix(20))”"
    case .list(let values), .tuple(let values):
      "[" + values.prefix(5).map(\.summary).joined(separator: ", ")
        + (values.count > 5 ? ", … \(values.count) in all]" : "]")
    case .dictionary(let entries): "a dictionary of \(entries.count)"
    case .tensor(let tensor): "a tensor \(tensor.elementType) \(tensor.shape)"
    case .object(let className, _): "a \(className)"
    }
  }
}
