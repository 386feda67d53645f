import YOLOSystem

/// Reads the `.pt` checkpoints of `torch.save`.
enum TorchReader {
  static func read(_ file: MappedFile, verifyingWeights: Bool) throws(WeightError) -> Checkpoint {
    defer { withExtendedLifetime(file) {} }
    let archive = try ZipArchive(file: file)
    let root = try root(of: archive)
    if verifyingWeights {
      for entry in archive.entries { try archive.verify(entry) }
    }
    let name = "\(root)data.pkl"
    guard let entry = archive[name] else {
      throw .invalidArchive(
        file: file.name, entry: name, reason: "the entry is missing: this is not a checkpoint")
    }
    if !verifyingWeights { try archive.verify(entry) }
    let graph = try PickleMachine.run(archive.bytes(of: entry), file: file.name, entry: name)
    return try checkpoint(graph, archive, root, file)
  }

  /// The directory of the first entry, after the checks that concern the archive as a whole.
  private static func root(of archive: ZipArchive) throws(WeightError) -> String {
    let file = archive.file.name
    guard let first = archive.entries.first else {
      throw .invalidArchive(file: file, entry: nil, reason: "the archive is empty")
    }
    guard let slash = first.name.firstIndex(of: "/") else {
      throw .invalidArchive(
        file: file, entry: first.name, reason: "torch keeps every entry in one directory")
    }
    let root = String(first.name[...slash])
    let isScript =
      archive["\(root)constants.pkl"] != nil
      || archive.entries.contains { $0.name.hasPrefix("\(root)code/") }
    guard !isScript else { throw .unsupportedFormat(file: file, found: .torchScript) }
    if let order = archive["\(root)byteorder"] {
      guard order.payload.count == 6, archive.bytes(of: order).text() == "little" else {
        throw .invalidArchive(
          file: file, entry: order.name, reason: "the byte order is not \"little\"")
      }
    }
    return root
  }

  private static func checkpoint(
    _ graph: PickleGraph, _ archive: ZipArchive, _ root: String, _ file: MappedFile
  ) throws(WeightError) -> Checkpoint {
    let usage = UsageTracker(file: file.name)
    var builder = RecordBuilder(graph: graph, archive: archive, root: root, usage: usage)
    var top: [String: PickleValue] = [:]
    for (key, value) in graph.entries(graph.root) ?? [] { top[key] = value }
    let (module, selected) = try select(graph, top, builder, file.name)
    let model = try builder.module(module)

    var info = CheckpointInfo()
    info.format = .zip
    info.selected = selected
    info.date = top["date"].flatMap(graph.string)
    info.version = top["version"].flatMap(graph.string)
    info.license = top["license"].flatMap(graph.string)
    info.docs = top["docs"].flatMap(graph.string)
    if case .int(let epoch) = top["epoch"] { info.epoch = epoch }
    var arguments = model.attributes["args"] ?? .none
    if let stored = top["train_args"], stored != .none {
      arguments = try builder.value(stored, at: "train_args")
    }
    return try Checkpoint(
      model: model, arguments: arguments, info: info, file: file.name)
  }

  /// Finds the model: `ema`, else `model`, of a dictionary; the root itself, or its `model`, if the
  /// file holds a bare object.
  private static func select(
    _ graph: PickleGraph, _ top: [String: PickleValue], _ builder: RecordBuilder, _ file: String
  ) throws(WeightError) -> (module: PickleValue, selected: String) {
    if graph.items(graph.root, .dictionary) != nil {
      for key in ["ema", "model"] {
        guard let value = top[key], value != .none else { continue }
        guard builder.isModule(value) else {
          throw .invalidModel(
            file: file, at: key, reason: "a state dict or other object without an architecture")
        }
        return (value, key)
      }
      throw .invalidModel(
        file: file, at: "", reason: "a dictionary without a model: perhaps a bare state dict")
    }
    guard builder.isModule(graph.root), let state = graph.object(graph.root)?.state,
      let attributes = graph.entries(state)
    else {
      throw .invalidModel(file: file, at: "", reason: "the file holds no model")
    }
    let children = attributes.first { $0.key == "_modules" }.flatMap { graph.entries($0.value) }
    let inner = ((children ?? []) + attributes).first { $0.key == "model" }?.value
    if let inner, builder.isModule(inner), graph.global(inner)?.name != "Sequential" {
      return (inner, "root.model")
    }
    return (graph.root, "root")
  }
}
