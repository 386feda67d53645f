package import YOLOSystem
import YOLOTensor

/// What a torch file holds, to be changed and written as one: every object of its pickle, known
/// here or not, and the storages that its tensors refer to.
///
/// A document is a value. It refers to the storages of the file that it was read from, which stays
/// open, and to those that were added.
package struct TorchDocument: Sendable {
  /// The file that it was read from, or what it was made as, for messages.
  package let name: String
  /// The objects.
  package internal(set) var graph: PickleGraph
  /// The network among the objects: the instance whose `model` is a list of layers.
  package let network: PickleValue
  /// Where the network was found: `ema`, `model` or `root`.
  package let selected: String
  /// The kind of file that it was read from.
  let format: FileFormat
  /// The storages.
  var storages: StorageTable
  /// The storages that are written from elsewhere than `storages`, by their keys.
  var contents: [String: StorageContent] = [:]
  private var stringIndices: [String: Int32] = [:]
  private var globalIndices: [String: Int32] = [:]
  private var addedStorages = 0

  /// Opens a checkpoint.
  ///
  /// A safetensors file of this program has records only: its document is made from them.
  ///
  /// - Throws: `WeightError`, as opening it as a `Checkpoint` does.
  package static func open(path: String) throws(WeightError) -> TorchDocument {
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: path)
    } catch {
      throw WeightError(reading: error)
    }
    return try TorchDocument(file: file)
  }

  /// Reads a mapped file.
  ///
  /// - Throws: `WeightError`, as reading it as a `Checkpoint` does.
  package init(file: MappedFile) throws(WeightError) {
    let format = FileFormat(detecting: file.bytes)
    switch format {
    case .zip:
      let (graph, storages) = try TorchReader.content(
        of: file, verifyingWeights: true, keepsOrigins: true)
      try self.init(graph, storages, format: format)
    case .legacyTorch:
      let (graph, storages) = try LegacyTorchReader.content(of: file, keepsOrigins: true)
      try self.init(graph, storages, format: format)
    case .safetensors:
      self = try TorchDocument(records: try Checkpoint(file: file))
    default: throw .unsupportedFormat(file: file.name, found: format)
    }
  }

  private init(
    _ graph: PickleGraph, _ storages: StorageTable, format: FileFormat
  ) throws(WeightError) {
    name = storages.file.name
    self.graph = graph
    self.storages = storages
    self.format = format
    (network, selected) = try ModelSearch(graph: graph, file: name).result()
    indexNames()
  }

  /// Creates the document of a network that `build` makes in it; `name` is for messages.
  ///
  /// - Throws: What `build` throws.
  package init(
    name: String, build: (inout TorchDocument) throws(WeightError) -> PickleValue
  ) throws(WeightError) {
    // A byte stands for the file that there is none of.
    let file = MappedFile(name: name, count: 1) {
      $0.initializeMemory(as: UInt8.self, repeating: 0)
    }
    var document = TorchDocument(
      graph: PickleGraph(), storages: StorageTable(file, ranges: [:]), network: .none)
    let network = try build(&document)
    document.graph.root = try document.dictionary([("model", network)])
    self.init(graph: document.graph, storages: document.storages, network: network)
    addedStorages = document.addedStorages
  }

  private init(graph: PickleGraph, storages: StorageTable, network: PickleValue) {
    name = storages.file.name
    self.graph = graph
    self.storages = storages
    self.network = network
    selected = "model"
    format = .zip
    indexNames()
  }

  private mutating func indexNames() {
    for (index, text) in graph.strings.enumerated() { stringIndices[text] = Int32(index) }
    for (index, global) in graph.globals.enumerated() {
      globalIndices["\(global.module)\n\(global.name)"] = Int32(index)
    }
  }

  /// Returns the records and all that is needed to predict with the network.
  ///
  /// - Throws: `WeightError`; see its cases.
  package func checkpoint() throws(WeightError) -> Checkpoint {
    try TorchReader.checkpoint(graph, storages, format: format)
  }

  /// Returns the entries of the outermost dictionary, in order; none where there is no dictionary.
  package func entries() -> [(key: String, value: PickleValue)] {
    graph.entries(graph.root) ?? []
  }

  /// Returns the inert form of a value.
  ///
  /// - Throws: `WeightError`; see its cases.
  package func attribute(_ value: PickleValue, at path: String) throws(WeightError)
    -> AttributeValue
  {
    var builder = RecordBuilder(
      graph: graph, storages: storages, usage: UsageTracker(file: name))
    return try builder.value(value, at: path)
  }

  /// Sets what the file holds: the outermost value.
  package mutating func setRoot(_ value: PickleValue) { graph.root = value }

  // MARK: - Tables

  /// Returns a text as a value.
  package mutating func string(_ text: String) -> PickleValue {
    if let index = stringIndices[text] { return .string(index) }
    let index = Int32(graph.strings.count)
    graph.strings.append(text)
    stringIndices[text] = index
    return .string(index)
  }

  /// Returns a Python object by its name.
  ///
  /// - Throws: `WeightError.forbiddenGlobal` where it is none that is read.
  package mutating func global(_ module: String, _ name: String) throws(WeightError) -> PickleValue
  {
    let key = "\(module)\n\(name)"
    if let index = globalIndices[key] { return .global(index) }
    guard let global = PickleGlobal(module: module, name: name) else {
      throw .forbiddenGlobal(file: self.name, entry: "data.pkl", name: "\(module).\(name)")
    }
    let index = Int32(graph.globals.count)
    graph.globals.append(global)
    globalIndices[key] = index
    return .global(index)
  }

  /// Adds a composite.
  package mutating func add(_ object: PickleObject, origin: PickleOrigin? = nil) -> PickleValue {
    let index = Int32(graph.objects.count)
    graph.objects.append(object)
    if let origin { graph.origins[index] = origin }
    return .object(index)
  }

  /// Adds a storage, and returns its key: what `checkpoint()` reads, or what is known only when the
  /// file is written.
  mutating func addStorage(_ content: StorageContent) -> String {
    addedStorages += 1
    let key = "added-\(addedStorages)"
    switch content {
    case .region(let region): storages.add(region, key: key)
    case .floats, .converted: contents[key] = content
    }
    return key
  }
}
