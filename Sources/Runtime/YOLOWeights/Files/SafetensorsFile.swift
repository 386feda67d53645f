import JSONText
package import YOLOSystem
import YOLOTensor

/// The tensors and the metadata of a safetensors file, checked as the format demands.
///
/// The file is eight bytes of header length, a JSON header, and the tensors' bytes without holes or
/// overlaps up to the end of the file. Source: the format description of the safetensors project.
package struct SafetensorsFile {
  /// The maximum size of a header that is read.
  ///
  /// The format allows 100 MB; that of a large model has some 1 MB.
  package static let headerLimit = 16 << 20
  /// The key of the metadata in the header.
  static let metadataKey = "__metadata__"

  /// The tensors by key.
  package let tensors: [String: WeightTensor]
  /// The keys, in the order of the header.
  package let keys: [String]
  /// The metadata.
  package let metadata: [String: String]

  /// Reads the header of a file.
  ///
  /// - Throws: `WeightError.invalidHeader`, `invalidTensor` or `limitExceeded`.
  package init(file: MappedFile) throws(WeightError) {
    defer { withExtendedLifetime(file) {} }
    func damaged(_ key: String?, _ reason: String) -> WeightError {
      .invalidHeader(file: file.name, key: key, reason: reason)
    }
    let bytes = file.bytes
    guard let length = bytes.uint64(at: 0) else { throw damaged(nil, "the file is truncated") }
    guard length <= UInt64(Self.headerLimit) else {
      throw .limitExceeded(
        file: file.name, at: "header", what: "bytes", limit: Self.headerLimit)
    }
    guard let header = bytes.slice(at: 8, count: Int(length)) else {
      throw damaged(nil, "the header of \(length) bytes reaches beyond the file")
    }
    guard length > 0, header[0] == UInt8(ascii: "{") else {
      throw damaged(nil, "the header does not start with {")
    }
    let members: [JSONMember]
    do throws(JSONParser.Failure) {
      members = try JSONParser.parse(header.buffer).members ?? []
    } catch {
      throw damaged(nil, "\(error.reason) (byte \(error.offset) of the JSON)")
    }
    var tensors: [String: WeightTensor] = [:]
    var keys: [String] = []
    var metadata: [String: String] = [:]
    var ranges: [(begin: Int, end: Int, key: String)] = []
    let start = 8 + Int(length)
    for member in members {
      if member.key == Self.metadataKey {
        guard let entries = member.value.members else {
          throw damaged(member.key, "it is not an object")
        }
        for entry in entries {
          guard let text = entry.value.string else {
            throw damaged(member.key, "the value of \(printable(entry.key)) is not text")
          }
          metadata[entry.key] = text
        }
        continue
      }
      let (type, shape, begin, end) = try Self.description(of: member, file: file)
      guard begin >= 0, begin <= end, end <= file.count - start else {
        throw damaged(member.key, "its bytes \(begin) to \(end) reach outside the file")
      }
      let tensor = try WeightTensor(
        key: member.key, file: file, region: start + begin..<start + end, elementType: type,
        shape: shape)
      guard tensor.byteCount == end - begin else {
        throw damaged(
          member.key, "\(tensor) needs \(tensor.byteCount) bytes but has \(end - begin)")
      }
      tensors[member.key] = tensor
      keys.append(member.key)
      ranges.append((begin, end, member.key))
    }
    ranges.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
    var covered = 0
    for range in ranges {
      guard range.begin == covered else {
        throw damaged(
          range.key, "its bytes do not start where those of the tensor before it end")
      }
      covered = range.end
    }
    guard covered == file.count - start else {
      throw damaged(nil, "the file has \(file.count - start) bytes of tensors, not \(covered)")
    }
    self.tensors = tensors
    self.keys = keys
    self.metadata = metadata
  }

  private static func description(
    of member: JSONMember, file: MappedFile
  ) throws(WeightError) -> (type: ElementType, shape: [Int], begin: Int, end: Int) {
    func damaged(_ reason: String) -> WeightError {
      .invalidHeader(file: file.name, key: member.key, reason: reason)
    }
    guard let typeName = member.value["dtype"]?.string,
      let dimensions = member.value["shape"]?.elements,
      let offsets = member.value["data_offsets"]?.elements, member.value.members?.count == 3
    else { throw damaged("it needs dtype, shape and data_offsets and nothing else") }
    guard let type = ElementType(safetensorsName: typeName) else {
      throw damaged("the type \(printable(typeName)) is not read")
    }
    let shape = dimensions.compactMap(\.int)
    guard shape.count == dimensions.count else {
      throw damaged("its shape is not made of integers")
    }
    guard offsets.count == 2, let begin = offsets[0].int, let end = offsets[1].int else {
      throw damaged("data_offsets is not a pair of integers")
    }
    return (type, shape, begin, end)
  }
}

/// The entries of a safetensors file's metadata that make it a model.
///
/// All but `format`, `producer` and `task` hold JSON.
enum MetadataKey: String {
  /// The version of this arrangement.
  case format = "yolo.format"
  /// The program that wrote the file.
  case producer = "yolo.producer"
  /// The task, if it is known.
  case task = "yolo.task"
  /// The class names by id.
  case names = "yolo.names"
  /// The strides of the output levels.
  case strides = "yolo.stride"
  /// The height and width of the training, or null.
  case imageSize = "yolo.imgsz"
  /// The arguments of the training.
  case arguments = "yolo.train_args"
  /// What the checkpoint said about its making.
  case description = "yolo.description"
  /// The module records.
  case architecture = "yolo.architecture"

  /// The version that is written and read.
  static let currentFormat = "1"
}
