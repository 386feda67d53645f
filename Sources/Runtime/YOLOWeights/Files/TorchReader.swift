import YOLOSystem

/// Reads the `.pt` checkpoints of `torch.save`.
enum TorchReader {
  static func read(_ file: MappedFile, verifyingWeights: Bool) throws(WeightError) -> Checkpoint {
    let (graph, storages) = try content(of: file, verifyingWeights: verifyingWeights)
    return try checkpoint(graph, storages, format: .zip)
  }

  /// Returns the outcome of the pickle and where the storages lie.
  static func content(
    of file: MappedFile, verifyingWeights: Bool, keepsOrigins: Bool = false
  ) throws(WeightError) -> (graph: PickleGraph, storages: StorageTable) {
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
    guard entry.size <= PickleLimits.bytes else {
      throw .limitExceeded(
        file: file.name, at: name, what: "bytes of pickle", limit: PickleLimits.bytes)
    }
    if !verifyingWeights { try archive.verify(entry) }
    let content = try archive.content(of: entry)
    let graph = try withExtendedLifetime(content.file) { () throws(WeightError) in
      keepsOrigins
        ? try PickleMachine.runKeepingOrigins(content.bytes, file: file.name, entry: name)
        : try PickleMachine.run(content.bytes, file: file.name, entry: name)
    }
    return (graph, StorageTable(archive, root: root))
  }

  /// The directory of the pickle, after the checks that concern the archive as a whole.
  ///
  /// A tool that packed the archive again may have added entries, or left out the directory.
  private static func root(of archive: ZipArchive) throws(WeightError) -> String {
    let file = archive.file.name
    guard let first = archive.entries.first else {
      throw .invalidArchive(file: file, entry: nil, reason: "the archive is empty")
    }
    let pickles = archive.entries.filter {
      ($0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl"))
        && !$0.name.hasPrefix("__MACOSX/")
    }
    let root = pickles.first.map { String($0.name.dropLast("data.pkl".count)) }
    if let root {
      let isScript =
        archive["\(root)constants.pkl"] != nil
        || archive.entries.contains { $0.name.hasPrefix("\(root)code/") }
      guard !isScript else { throw .unsupportedFormat(file: file, found: .torchScript) }
    }
    guard pickles.count <= 1 else {
      throw .invalidArchive(
        file: file, entry: pickles[1].name,
        reason: "a second pickle beside \(printable(pickles[0].name)): which one is the checkpoint?"
      )
    }
    guard let root else { throw foreign(archive, first) }
    if let order = archive["\(root)byteorder"] {
      let content = try archive.content(of: order)
      let text = withExtendedLifetime(content.file) { content.bytes.text() }
      guard text == "little" else {
        throw .invalidArchive(
          file: file, entry: order.name, reason: "the byte order is not \"little\"")
      }
    }
    return root
  }

  /// The error of an archive without a checkpoint's pickle, by what it holds instead.
  private static func foreign(_ archive: ZipArchive, _ first: ZipEntry) -> WeightError {
    let file = archive.file.name
    func holds(_ suffix: String) -> ZipEntry? {
      archive.entries.first { $0.name.hasSuffix(suffix) && !$0.name.hasPrefix("__MACOSX/") }
    }
    if holds("/constants.pkl") != nil || holds("/code/__torch__.py") != nil {
      return .unsupportedFormat(file: file, found: .torchScript)
    }
    for suffix in [".pt", ".pth", ".safetensors"] {
      guard let inner = holds(suffix) else { continue }
      return .invalidArchive(
        file: file, entry: inner.name,
        reason: "a checkpoint inside of another archive; unpack it and open the file itself")
    }
    if holds("Manifest.json") != nil && holds(".mlmodel") != nil {
      return .unsupportedFormat(file: file, found: .coreML)
    }
    if holds("saved_model.pb") != nil {
      return .unsupportedFormat(file: file, found: .savedModel)
    }
    guard let slash = first.name.firstIndex(of: "/") else {
      return .invalidArchive(
        file: file, entry: first.name,
        reason: "there is no data.pkl: torch keeps every entry in one directory")
    }
    return .invalidArchive(
      file: file, entry: "\(first.name[...slash])data.pkl",
      reason: "the entry is missing: this is not a checkpoint")
  }

  /// Creates the checkpoint of a pickle's outcome.
  static func checkpoint(
    _ graph: PickleGraph, _ storages: StorageTable, format: FileFormat
  ) throws(WeightError) -> Checkpoint {
    let file = storages.file.name
    let usage = UsageTracker(file: file)
    var builder = RecordBuilder(graph: graph, storages: storages, usage: usage)
    let (module, selected) = try ModelSearch(graph: graph, file: file).result()
    var top: [String: PickleValue] = [:]
    for (key, value) in graph.entries(graph.root) ?? [] { top[key] = value }
    let model = try builder.module(module)

    var info = CheckpointInfo()
    info.format = format
    info.selected = selected
    info.date = top["date"].flatMap(graph.string)
    info.version = top["version"].flatMap(graph.string)
    info.license = top["license"].flatMap(graph.string)
    info.docs = top["docs"].flatMap(graph.string)
    if case .int(let epoch) = top["epoch"] { info.epoch = epoch }
    var arguments = model.attributes["args"] ?? .none
    var isTrainingStored = graph.items(graph.root, .dictionary) == nil
    if let stored = top["train_args"], stored != .none {
      arguments = try builder.value(stored, at: "train_args")
      isTrainingStored = true
    }
    return try Checkpoint(
      model: model, arguments: arguments, info: info, isTrainingStored: isTrainingStored,
      file: file)
  }
}
