#if Server
import Foundation
import NIOCore
import Synchronization

/// JSON that an answer has as it is stored, however long it is, without being read and written.
struct RawJSON: Encodable, Sendable {
  /// The text, which must be a value of JSON.
  let text: String

  /// Collects what one answer has of such text.
  final class Pieces: Sendable {
    fileprivate let list = Mutex<[(mark: String, text: String)]>([])
  }

  @TaskLocal private static var pieces: Pieces?

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    guard let pieces = Self.pieces else {
      throw EncodingError.invalidValue(
        self,
        EncodingError.Context(
          codingPath: encoder.codingPath, debugDescription: "stored JSON is not collected"))
    }
    // Nobody can have sent this mark: it is drawn here.
    let mark = "raw-\(UInt64.random(in: .min ... .max))-\(UInt64.random(in: .min ... .max))"
    pieces.list.withLock { $0.append((mark, text)) }
    try container.encode(mark)
  }

  /// Encodes an answer in which marks stand for such text.
  static func collecting(_ body: () throws -> Data) rethrows -> (data: Data, pieces: Pieces) {
    let pieces = Pieces()
    return (try $pieces.withValue(pieces) { try body() }, pieces)
  }

  /// Returns the answer with the text in place of the marks.
  static func inserting(_ pieces: Pieces, into data: Data) -> ByteBuffer {
    let found = pieces.list.withLock { $0 }.compactMap { piece in
      data.range(of: Data("\"\(piece.mark)\"".utf8)).map { (range: $0, text: piece.text) }
    }.sorted { $0.range.lowerBound < $1.range.lowerBound }
    var buffer = ByteBuffer()
    var start = data.startIndex
    for (range, text) in found {
      buffer.writeBytes(data[start..<range.lowerBound])
      buffer.writeString(text)
      start = range.upperBound
    }
    buffer.writeBytes(data[start...])
    return buffer
  }
}
#endif
