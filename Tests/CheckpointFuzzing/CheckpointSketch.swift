import JSONText
import YOLOTensor
import YOLOTestSupport
package import YOLOWeights

/// A checkpoint that can be changed at will and written as bytes, in either format.
package struct CheckpointSketch {
  /// How a sketch is written.
  package enum Format: CaseIterable {
    /// safetensors with the architecture as JSON; what is shared is written out, cycles are cut.
    case safetensors
    /// The pickle in a ZIP archive of `torch.save`; what is shared is so in the file, cycles too.
    case torch
    /// The same, packed by a tool that compresses.
    case deflatedTorch
    /// The pickles and storages of `torch.save` before torch 1.6, the model wrapped for several
    /// devices.
    case legacyTorch
  }

  /// The model; its child `model` has the layers.
  package var root: ModuleSketch
  /// The image size of the training.
  package var imageSize: ValueSketch

  /// Creates a sketch.
  package init(_ root: ModuleSketch, imageSize: ValueSketch = .int(64)) {
    self.root = root
    self.imageSize = imageSize
  }

  /// Copies a checkpoint.
  package init(_ checkpoint: Checkpoint) {
    self.init(ModuleSketch(checkpoint.model))
  }

  /// Returns a copy that shares nothing that changes.
  package func copy() -> CheckpointSketch {
    CheckpointSketch(root.copy(), imageSize: imageSize)
  }

  /// The layers.
  package var layers: [(name: String, module: ModuleSketch)] { root["model"]?.children ?? [] }

  /// Returns the file.
  package func bytes(_ format: Format) -> [UInt8] {
    switch format {
    case .safetensors: SafetensorsSketch(self).bytes
    case .torch, .deflatedTorch, .legacyTorch: TorchSketch(self, format).bytes
    }
  }
}

/// The writing of a sketch as safetensors.
private struct SafetensorsSketch {
  /// More than the reader accepts.
  private static let depthLimit = 40
  /// What is shared again and again would take forever to write out.
  private static let moduleLimit = 4000
  private static let byteLimit = 4 << 20
  private static let totalLimit = 16 << 20

  private var tensors = [(key: String, tensor: TensorSketch)]()
  private var moduleCount = 0
  private var byteCount = 0
  private let sketch: CheckpointSketch

  init(_ sketch: CheckpointSketch) { self.sketch = sketch }

  var bytes: [UInt8] {
    var writing = self
    return writing.write()
  }

  private mutating func write() -> [UInt8] {
    var architecture = JSONWriter()
    write(sketch.root, "", depth: 0, to: &architecture)
    func text(_ value: ValueSketch, _ key: String) -> String {
      var json = JSONWriter()
      write(value, key: key, to: &json)
      return String(decoding: json.takeBytes(), as: UTF8.self)
    }
    let root = sketch.root
    // The model's own attributes, once more; a tensor would be there twice.
    func override(_ key: String) -> ValueSketch {
      switch root[attribute: key] {
      case .tensor, nil: .none
      case .some(let value): value
      }
    }
    var metadata = [
      ("format", "pt"), ("yolo.format", "1"), ("yolo.producer", "StructureFuzz"),
      ("yolo.names", text(override("names"), "n")),
      ("yolo.stride", text(override("stride"), "s")),
      ("yolo.imgsz", text(sketch.imageSize, "i")), ("yolo.description", "{}"),
      ("yolo.train_args", "{}"),
      ("yolo.architecture", String(decoding: architecture.takeBytes(), as: UTF8.self)),
    ]
    if case .string(let task) = root[attribute: "task"] { metadata.append(("yolo.task", task)) }

    var header = JSONWriter()
    var content = [UInt8]()
    header.beginObject()
    header.key("__metadata__")
    header.beginObject()
    for (key, value) in metadata {
      header.key(key)
      header.string(value)
    }
    header.endObject()
    for (key, tensor) in tensors {
      let start = content.count
      // What declares more than a file can hold has the bytes that it has.
      content += tensor.rowMajorBytes(limit: Self.byteLimit) ?? tensor.storage.bytes
      header.key(key)
      header.beginObject()
      header.key("dtype")
      header.string(tensor.elementType.safetensorsName)
      header.key("shape")
      header.beginArray()
      for length in tensor.shape { header.integer(length) }
      header.endArray()
      header.key("data_offsets")
      header.beginArray()
      header.integer(start)
      header.integer(content.count)
      header.endArray()
      header.endObject()
    }
    header.endObject()
    let text = header.takeBytes()
    return little(UInt64(text.count), count: 8) + text + content
  }

  private mutating func write(
    _ module: ModuleSketch, _ path: String, depth: Int, to json: inout JSONWriter
  ) {
    moduleCount += 1
    json.beginObject()
    json.key("class")
    json.string(module.qualifiedName)
    json.key("attributes")
    json.beginObject()
    for (key, value) in module.attributes {
      json.key(key)
      write(value, key: path.isEmpty ? key : "\(path).\(key)", to: &json)
    }
    json.endObject()
    json.key("tensors")
    json.beginArray()
    for (name, tensor) in module.tensors {
      json.string(name)
      tensors.append((path.isEmpty ? name : "\(path).\(name)", tensor))
      byteCount += tensor.storage.bytes.count
    }
    json.endArray()
    json.key("children")
    json.beginObject()
    for (name, child) in module.children
    where depth < Self.depthLimit && moduleCount < Self.moduleLimit
      && byteCount < Self.totalLimit
    {
      json.key(name)
      write(child, path.isEmpty ? name : "\(path).\(name)", depth: depth + 1, to: &json)
    }
    json.endObject()
    json.endObject()
  }

  private mutating func write(_ value: ValueSketch, key: String, to json: inout JSONWriter) {
    func marked(_ mark: String, _ body: (inout JSONWriter) -> Void) {
      json.beginObject()
      json.key("$" + mark)
      body(&json)
      json.endObject()
    }
    switch value {
    case .none: json.null()
    case .bool(let value): json.boolean(value)
    case .int(let value): json.integer(value)
    case .float(let value):
      if value.isFinite {
        json.number(value)
      } else {
        marked("float") { $0.string("\(value)") }
      }
    case .string(let value): json.string(value)
    case .list(let values): write(values, key: key, to: &json)
    case .tuple(let values):
      json.beginObject()
      json.key("$tuple")
      write(values, key: key, to: &json)
      json.endObject()
    case .dictionary(let entries):
      json.beginObject()
      json.key("$dictionary")
      json.beginArray()
      for (index, entry) in entries.enumerated() {
        json.beginArray()
        write(entry.key, key: "\(key).\(index).key", to: &json)
        write(entry.value, key: "\(key).\(index)", to: &json)
        json.endArray()
      }
      json.endArray()
      json.endObject()
    case .tensor(let tensor):
      tensors.append((key, tensor))
      marked("tensor") { $0.string(key) }
    case .object(let className, let attributes):
      json.beginObject()
      json.key("$record")
      json.string(className)
      json.key("arguments")
      json.beginArray()
      json.endArray()
      json.key("attributes")
      json.beginObject()
      for (name, value) in attributes {
        json.key(name)
        write(value, key: "\(key).\(name)", to: &json)
      }
      json.endObject()
      json.endObject()
    }
  }

  private mutating func write(_ values: [ValueSketch], key: String, to json: inout JSONWriter) {
    json.beginArray()
    for (index, value) in values.enumerated() {
      write(value, key: "\(key).\(index)", to: &json)
    }
    json.endArray()
  }
}

/// The writing of a sketch as `torch.save` does.
private struct TorchSketch {
  private var pickle: [UInt8] = [0x80, 2]
  private var memo = [ObjectIdentifier: UInt32]()
  private var storages = [(storage: TensorSketch.Storage, key: String)]()
  private var storageKeys = [ObjectIdentifier: String]()
  private var storageSizes = [String: Int]()
  private let sketch: CheckpointSketch
  private let format: CheckpointSketch.Format

  init(_ sketch: CheckpointSketch, _ format: CheckpointSketch.Format) {
    self.sketch = sketch
    self.format = format
  }

  var bytes: [UInt8] {
    var writing = self
    return writing.write()
  }

  private mutating func write() -> [UInt8] {
    open(.dictionary)
    append("model")
    if format == .legacyTorch {
      append(
        ModuleSketch(
          "torch.nn.parallel.data_parallel.DataParallel",
          children: [("module", sketch.root)]))
    } else {
      append(sketch.root)
    }
    append("train_args")
    append(.dictionary([(.string("imgsz"), sketch.imageSize)]))
    close(.dictionary)
    pickle.append(0x2E)
    if format == .legacyTorch { return legacyFile() }
    var archive = ZipBuilder(pickle: pickle)
    archive.entries[0].checksum = Self.checksum(pickle)
    for (storage, key) in storages {
      var entry = ZipBuilder.Entry("archive/data/\(key)", storage.bytes)
      // Not compared unless asked for, and slow to compute.
      entry.checksum = 0
      archive.entries.append(entry)
    }
    if format == .deflatedTorch {
      for index in archive.entries.indices {
        let content = archive.entries[index].content
        archive.entries[index].checksum = archive.entries[index].checksum ?? Self.checksum(content)
        archive.entries[index].fullSize = UInt32(content.count)
        archive.entries[index].method = 8
        archive.entries[index].content = Self.deflated(content)
      }
    }
    return archive.bytes
  }

  /// Bytes as blocks of DEFLATE that hold them as they are.
  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var stream = [UInt8]()
    var start = 0
    repeat {
      let end = min(start + 0xFFFF, bytes.count)
      let length = UInt64(end - start)
      stream += [end == bytes.count ? 1 : 0] + little(length, count: 2)
      stream += little(~length & 0xFFFF, count: 2) + bytes[start..<end]
      start = end
    } while start < bytes.count
    return stream
  }

  /// The file of a torch that had no archives.
  private func legacyFile() -> [UInt8] {
    var file: [UInt8] = [
      0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]
    // The version 1001, an empty description of the machine, the object, the keys.
    file += [0x80, 2, 0x4D, 0xE9, 0x03, 0x2E, 0x80, 2, 0x7D, 0x2E] + pickle
    file += [0x80, 2, 0x5D, 0x28]
    for (_, key) in storages {
      file += [0x58] + little(UInt64(key.utf8.count), count: 4) + Array(key.utf8)
    }
    file += [0x65, 0x2E]
    for (storage, key) in storages {
      let size = storageSizes[key] ?? 1
      file += little(UInt64(storage.bytes.count / size), count: 8)
      file += storage.bytes[..<(storage.bytes.count / size * size)]
    }
    return file
  }

  /// The CRC-32 of bytes, by a table of all bytes.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var remainder = ~UInt32(0)
    for byte in bytes {
      remainder = remainder >> 8 ^ table[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)]
    }
    return ~remainder
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in
      value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1
    }
  }

  private enum Container {
    case dictionary
    case list
    case tuple
  }

  private mutating func open(_ container: Container) {
    switch container {
    case .dictionary: pickle += [0x7D, 0x28]
    case .list: pickle += [0x5D, 0x28]
    case .tuple: pickle.append(0x28)
    }
  }

  private mutating func close(_ container: Container) {
    switch container {
    case .dictionary: pickle.append(0x75)
    case .list: pickle.append(0x65)
    case .tuple: pickle.append(0x74)
    }
  }

  private mutating func append(_ text: String) {
    pickle += [0x58] + little(UInt64(text.utf8.count), count: 4) + Array(text.utf8)
  }

  private mutating func append(_ value: Int) {
    if let small = Int32(exactly: value) {
      pickle += [0x4A] + little(UInt64(UInt32(bitPattern: small)), count: 4)
    } else {
      pickle += [0x8A, 8] + little(UInt64(bitPattern: Int64(value)), count: 8)
    }
  }

  private mutating func appendGlobal(_ qualifiedName: String) {
    let parts = qualifiedName.split(separator: ".")
    let name = parts.last.map(String.init) ?? "object"
    let module = parts.dropLast().joined(separator: ".")
    pickle += [0x63] + Array("\(module.isEmpty ? "builtins" : module)\n\(name)\n".utf8)
  }

  /// NEWOBJ, memo, state, BUILD; a module that is there already is got from the memo.
  private mutating func append(_ module: ModuleSketch) {
    if let index = memo[ObjectIdentifier(module)] {
      pickle += [0x6A] + little(UInt64(index), count: 4)
      return
    }
    appendGlobal(module.qualifiedName)
    let index = UInt32(memo.count)
    memo[ObjectIdentifier(module)] = index
    pickle += [0x29, 0x81, 0x72] + little(UInt64(index), count: 4)
    open(.dictionary)
    for (key, value) in module.attributes {
      append(key)
      append(value)
    }
    append("_parameters")
    open(.dictionary)
    for (name, tensor) in module.tensors {
      append(name)
      append(tensor)
    }
    close(.dictionary)
    append("_buffers")
    append(.dictionary([]))
    append("_modules")
    open(.dictionary)
    for (name, child) in module.children {
      append(name)
      append(child)
    }
    close(.dictionary)
    close(.dictionary)
    pickle.append(0x62)
  }

  private mutating func append(_ values: [ValueSketch], as container: Container) {
    open(container)
    for value in values { append(value) }
    close(container)
  }

  private mutating func append(_ value: ValueSketch) {
    switch value {
    case .none: pickle.append(0x4E)
    case .bool(let value): pickle.append(value ? 0x88 : 0x89)
    case .int(let value): append(value)
    case .float(let value):
      pickle += [0x47] + little(value.bitPattern, count: 8).reversed()
    case .string(let value): append(value)
    case .list(let values): append(values, as: .list)
    case .tuple(let values): append(values, as: .tuple)
    case .dictionary(let entries):
      open(.dictionary)
      for (key, value) in entries {
        append(key)
        append(value)
      }
      close(.dictionary)
    case .tensor(let tensor): append(tensor)
    case .object(let className, let attributes):
      appendGlobal(className)
      pickle += [0x29, 0x81]
      append(.dictionary(attributes.map { (.string($0.key), $0.value) }))
      pickle.append(0x62)
    }
  }

  private mutating func append(_ tensor: TensorSketch) {
    let key: String
    if let known = storageKeys[ObjectIdentifier(tensor.storage)] {
      key = known
    } else {
      key = "\(storages.count)"
      storageKeys[ObjectIdentifier(tensor.storage)] = key
      storages.append((tensor.storage, key))
      storageSizes[key] = tensor.elementType.size
    }
    var packed = [Int]()
    var step = 1
    for length in tensor.shape.reversed() {
      packed.insert(step, at: 0)
      step = step &* length
    }
    appendGlobal("torch._utils._rebuild_tensor_v2")
    open(.tuple)
    open(.tuple)
    append("storage")
    appendGlobal("torch." + tensor.elementType.torchStorage)
    append(key)
    append("cpu")
    append(tensor.storage.bytes.count / tensor.elementType.size)
    if format == .legacyTorch { append(.none) }
    close(.tuple)
    pickle.append(0x51)
    append(tensor.offset)
    append(tensor.shape.map(ValueSketch.int), as: .tuple)
    append((tensor.strides ?? packed).map(ValueSketch.int), as: .tuple)
    append(.bool(false))
    appendGlobal("collections.OrderedDict")
    open(.tuple)
    close(.tuple)
    pickle.append(0x52)
    close(.tuple)
    pickle.append(0x52)
  }
}
