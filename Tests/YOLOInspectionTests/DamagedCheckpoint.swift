import Foundation
import Testing
import YOLO
import YOLOWeights

/// A copy of a model with one weight damaged.
enum DamagedCheckpoint {
  /// The keys of the convolutions' weights.
  static func weightKeys(of model: Model) throws -> [String] {
    try tensors(of: try bytes(of: model)).map(\.key).filter {
      $0.hasSuffix(".conv.weight") && !$0.contains(".dfl.")
    }.sorted()
  }

  /// Opens the model again with a value of the tensor `key` changed by far.
  static func model(_ model: Model, damaging key: String) throws -> Model {
    var bytes = try bytes(of: model)
    let tensor = try #require(try tensors(of: bytes).first { $0.key == key })
    let half = tensor.type == "F16"
    try #require(half || tensor.type == "F32")
    let middle = (tensor.range.count / (half ? 2 : 4)) / 2 * (half ? 2 : 4)
    let position = tensor.range.lowerBound + middle
    let value = half ? [0x00, 0x44] : [0x00, 0x00, 0x80, 0x40]  // 4
    bytes.replaceSubrange(position..<position + value.count, with: value.map { UInt8($0) })
    return try Model(bytes: bytes, named: "damaged")
  }

  private static func bytes(of model: Model) throws -> [UInt8] {
    let copy = FileManager.default.temporaryDirectory.appending(
      path: "sound-\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: copy) }
    try model.checkpoint.writeSafetensors(to: copy.path)
    return [UInt8](try Data(contentsOf: copy))
  }

  private static func tensors(
    of bytes: [UInt8]
  ) throws -> [(key: String, type: String, range: Range<Int>)] {
    let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try #require(
      try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any])
    return header.compactMap { key, value in
      guard let entry = value as? [String: Any], let type = entry["dtype"] as? String,
        let offsets = entry["data_offsets"] as? [Int]
      else { return nil }
      return (key, type, 8 + length + offsets[0]..<8 + length + offsets[1])
    }
  }
}
