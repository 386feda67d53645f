import JSONText
import YOLO
import YOLOSystem
import YOLOWeights

/// Which checkpoint a case was made with: good for a hint, no condition.
public struct ModelStamp: Sendable, Hashable {
  /// The name of the file, without its directory.
  public let file: String
  /// The size of the file in bytes.
  public let bytes: Int
  /// The CRC-32 of the file as eight hexadecimal digits.
  public let crc32: String

  /// Describes a checkpoint.
  public init(file: String, bytes: Int, crc32: String) {
    self.file = file
    self.bytes = bytes
    self.crc32 = crc32
  }

  /// Reads a checkpoint and describes it.
  ///
  /// - Throws: `VerificationError.model`.
  public init(path: String) throws(VerificationError) {
    let mapped: MappedFile
    do throws(FileError) {
      mapped = try MappedFile(path: path)
    } catch {
      throw .model(YOLOError(WeightError(reading: error)))
    }
    let checksum = String(Checksum.crc32(mapped.bytes), radix: 16)
    withExtendedLifetime(mapped) {}
    file = FilePath.name(of: path)
    bytes = mapped.count
    crc32 = String(repeating: "0", count: 8 - checksum.count) + checksum
  }

  /// Whether it is the same content, whatever it is called.
  public func describesSameContent(as other: ModelStamp) -> Bool {
    bytes == other.bytes && crc32 == other.crc32
  }

  static func reading(_ field: CaseField) throws(VerificationError) -> ModelStamp {
    let keys = ["file", "bytes", "crc32"]
    let fields = try field.members(known: keys)
    guard let file = fields["file"], let bytes = fields["bytes"], let crc32 = fields["crc32"] else {
      throw field.invalid("an object with \(keys.joined(separator: ", "))")
    }
    let digits = try crc32.text()
    guard digits.utf8.count == 8, digits.allSatisfy(\.isHexDigit) else {
      throw crc32.invalid("eight hexadecimal digits")
    }
    return ModelStamp(
      file: try file.text(), bytes: try bytes.integer(), crc32: digits.lowercased())
  }

  var json: JSONValue {
    .object([
      JSONMember("file", .string(file)), JSONMember("bytes", .int(bytes)),
      JSONMember("crc32", .string(crc32)),
    ])
  }
}
