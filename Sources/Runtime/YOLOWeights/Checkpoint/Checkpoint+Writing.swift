import JSONText
import YOLOGeometry
import YOLOSystem
import YOLOTensor

extension Checkpoint {
  /// Writes the checkpoint as a safetensors file that predicts by itself.
  ///
  /// The tensors keep their types and are named by module path and name
  /// (`model.0.conv.weight`); names, task, strides, image size and the records travel in the
  /// metadata. Tensors go to the file one by one, straight from the source's mapping. The file
  /// appears under its name only when it is complete.
  ///
  /// `producer` names the writing program.
  ///
  /// - Throws: `WeightError.unwritableFile`, `invalidModel` when two tensors would have one key, or
  ///   `limitExceeded` when the header would be too long to be read again.
  public func writeSafetensors(
    to path: String, producer: String = "swift-yolo"
  ) throws(WeightError) {
    try writeSafetensors(to: path, producer: producer, replaces: true)
  }

  /// As `writeSafetensors(to:producer:)`; what is at `path` is replaced if that is allowed.
  package func writeSafetensors(
    to path: String, producer: String, replaces: Bool
  ) throws(WeightError) {
    var encoder = ArchitectureEncoder()
    let metadata = metadata(producer: producer, encoder: &encoder)
    // Wide elements first: every tensor then starts at a multiple of its element's size.
    let tensors = encoder.tensors.enumerated().sorted {
      let sizes = ($0.element.tensor.elementType.size, $1.element.tensor.elementType.size)
      return sizes.0 != sizes.1 ? sizes.0 > sizes.1 : $0.offset < $1.offset
    }.map(\.element)

    var members = [JSONMember(SafetensorsFile.metadataKey, metadata)]
    var keys: Set<String> = [SafetensorsFile.metadataKey]
    var offset = 0
    for (key, tensor) in tensors {
      guard keys.insert(key).inserted else {
        throw .invalidModel(
          file: model.usage.file, at: key, reason: "two tensors would have this key")
      }
      members.append(
        JSONMember(
          key,
          .object([
            JSONMember("dtype", .string(tensor.elementType.safetensorsName)),
            JSONMember("shape", .array(tensor.shape.map(JSONValue.int))),
            JSONMember(
              "data_offsets", .array([.int(offset), .int(offset + tensor.byteCount)])),
          ])))
      offset += tensor.byteCount
    }
    var header = Array(JSONWriter.text(.object(members)).utf8)
    while !header.count.isMultiple(of: 8) { header.append(UInt8(ascii: " ")) }
    guard header.count <= SafetensorsFile.headerLimit else {
      throw .limitExceeded(
        file: path, at: "header", what: "bytes", limit: SafetensorsFile.headerLimit)
    }
    do throws(FileError) {
      try Self.write(header, tensors.map(\.1), to: path, replaces: replaces)
    } catch {
      throw WeightError(writing: error)
    }
  }

  private static func write(
    _ header: [UInt8], _ tensors: [WeightTensor], to path: String, replaces: Bool
  ) throws(FileError) {
    let output = try AtomicFile(path: path, replaces: replaces)
    var length: [UInt8] = []
    for shift in stride(from: 0, to: 64, by: 8) {
      length.append(UInt8(truncatingIfNeeded: header.count >> shift))
    }
    try Self.write(length, to: output)
    try Self.write(header, to: output)
    for tensor in tensors { try Self.write(tensor, to: output) }
    try output.commit(synchronizes: true)
  }

  private func metadata(producer: String, encoder: inout ArchitectureEncoder) -> JSONValue {
    func member(_ key: MetadataKey, _ value: JSONValue) -> JSONMember {
      JSONMember(key.rawValue, .string(JSONWriter.text(value)))
    }
    let described: [(String, String?)] = [
      ("selected", info.selected), ("date", info.date), ("version", info.version),
      ("license", info.license), ("docs", info.docs),
    ]
    var description = described.compactMap { key, text in
      text.map { JSONMember(key, .string($0)) }
    }
    if let epoch = info.epoch { description.append(JSONMember("epoch", .int(epoch))) }
    let arguments = trainingArguments.sorted { $0.key < $1.key }.map {
      AttributeEntry(key: .string($0.key), value: $0.value)
    }
    var members = [
      // Tells tools of the format that the tensors are laid out as torch's.
      JSONMember("format", .string("pt")),
      JSONMember(MetadataKey.format.rawValue, .string(MetadataKey.currentFormat)),
      JSONMember(MetadataKey.producer.rawValue, .string(producer)),
    ]
    if let taskName {
      members.append(JSONMember(MetadataKey.task.rawValue, .string(taskName)))
    }
    members += [
      member(
        .names, .object(names.ids.map { JSONMember(String($0), .string(names.label(of: $0))) })),
      member(.strides, .array(strides.map(JSONValue.int))),
      member(.imageSize, imageSize.map { .array([.int($0.height), .int($0.width)]) } ?? .null),
      member(.description, .object(description)),
      member(.arguments, encoder.encode(.dictionary(arguments), key: "train_args")),
      member(.architecture, encoder.encode(model)),
    ]
    return .object(members)
  }

  private static func write(_ bytes: [UInt8], to output: AtomicFile) throws(FileError) {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(FileError) in try output.write(buffer) }
    }
    try result.get()
  }

  private static func write(_ tensor: WeightTensor, to output: AtomicFile) throws(FileError) {
    guard !tensor.isContiguous else { return try tensor.writeContiguous(to: output) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: tensor.byteCount, alignment: 64)
    defer { buffer.deallocate() }
    tensor.readBytes(into: buffer)
    try output.write(UnsafeRawBufferPointer(buffer))
  }
}

extension WeightTensor {
  /// Writes the elements without a copy; they lie without gaps.
  fileprivate func writeContiguous(to output: AtomicFile) throws(FileError) {
    let result = withBase { base in
      Result { () throws(FileError) in
        try output.write(UnsafeRawBufferPointer(start: base, count: byteCount))
      }
    }
    try result.get()
  }
}
