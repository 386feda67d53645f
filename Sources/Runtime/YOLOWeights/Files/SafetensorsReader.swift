import JSONText
import YOLOSystem

/// Reads the safetensors files that `Checkpoint.writeSafetensors(to:)` writes.
enum SafetensorsReader {
  static func read(_ file: MappedFile) throws(WeightError) -> Checkpoint {
    let content = try SafetensorsFile(file: file)
    func text(_ key: MetadataKey) throws(WeightError) -> String {
      guard let text = content.metadata[key.rawValue] else {
        throw .invalidHeader(
          file: file.name, key: key.rawValue,
          reason:
            "the metadata entry is missing, and without an architecture the tensors are of no "
            + "use; export the .pt checkpoint with: yolo export --format safetensors")
      }
      return text
    }
    func json(_ key: MetadataKey) throws(WeightError) -> JSONValue {
      let text = try text(key)
      do throws(JSONParser.Failure) { return try JSONParser.parse(text) } catch {
        throw .invalidHeader(
          file: file.name, key: key.rawValue,
          reason: "\(error.reason) (byte \(error.offset) of the JSON)")
      }
    }
    let version = try text(.format)
    guard version == MetadataKey.currentFormat else {
      throw .invalidHeader(
        file: file.name, key: MetadataKey.format.rawValue,
        reason: "format \(printable(version)) is not read, only \(MetadataKey.currentFormat)")
    }
    let usage = UsageTracker(file: file.name)
    var decoder = ArchitectureDecoder(
      file: file.name, tensors: content.tensors, usage: usage)
    let model = try decoder.module(try json(.architecture))
    let arguments = try decoder.value(try json(.arguments), "train_args")
    let description = try decoder.value(try json(.description), "description")
    if let key = decoder.leftover.first {
      throw .invalidModel(
        file: file.name, at: key, reason: "the stored architecture does not refer to this tensor")
    }
    var info = CheckpointInfo()
    info.format = .safetensors
    info.producer = content.metadata[MetadataKey.producer.rawValue]
    info.selected = description["selected"]?.string ?? ""
    info.date = description["date"]?.string
    info.version = description["version"]?.string
    info.license = description["license"]?.string
    info.docs = description["docs"]?.string
    info.epoch = description["epoch"]?.int
    return try Checkpoint(
      model: model, arguments: arguments, info: info,
      overrides: CheckpointOverrides(
        task: content.metadata[MetadataKey.task.rawValue],
        names: try decoder.value(try json(.names), "names"),
        strides: try decoder.value(try json(.strides), "stride"),
        imageSize: try decoder.value(try json(.imageSize), "imgsz")),
      file: file.name)
  }
}
