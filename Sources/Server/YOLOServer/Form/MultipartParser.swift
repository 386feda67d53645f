#if Server
package import NIOCore
import YOLOSystem

/// Parses a body of the type multipart/form-data (RFC 7578, RFC 2046) as it comes.
///
/// What comes out does not depend on how the body is cut into chunks. Memory: the chunk, the
/// headers of a part, and as much as a boundary is long.
package struct MultipartParser {
  /// What the body holds, in its order.
  package enum Event: Equatable {
    /// A part begins.
    case part(MultipartPart)
    /// Bytes of the part; there may be any number of these.
    case data(ArraySlice<UInt8>)
    /// The part ends.
    case partEnd
  }

  /// The largest headers of a part, in bytes.
  package static let headerLimit = 8 << 10

  /// What stands between two parts: a line end, two hyphens and the boundary.
  private let delimiter: [UInt8]
  private let partLimit: Int
  private var state = State.preamble
  private var pending: [UInt8]
  private var part = 0

  private enum State {
    case preamble
    case boundaryEnd
    case headers
    case data
    case epilogue
  }

  /// Begins a body.
  package init(boundary: MultipartBoundary, partLimit: Int) {
    let lineEnd: [UInt8] = [0x0D, 0x0A]
    delimiter = lineEnd + Array("--\(boundary.text)".utf8)
    self.partLimit = partLimit
    // The first boundary may stand at the very beginning: a line end is thought before it.
    pending = lineEnd
  }

  /// Whether the closing boundary has come.
  package var isFinished: Bool { state == .epilogue }

  /// Consumes the next bytes of the body, and calls `handle` for what they hold.
  package mutating func feed(
    _ chunk: ByteBuffer, _ handle: (Event) throws -> Void
  ) throws {
    guard state != .epilogue else { return }
    pending.append(contentsOf: chunk.readableBytesView)
    var position = 0
    while try step(&position, handle) {}
    pending.removeFirst(position)
  }

  /// Ends the body.
  package func finish() throws(MultipartError) {
    guard isFinished else { throw .unfinished(part: part) }
  }

  /// Consumes one part of `pending`; returns false if more bytes are needed.
  private mutating func step(
    _ position: inout Int, _ handle: (Event) throws -> Void
  ) throws -> Bool {
    switch state {
    case .preamble, .data:
      let found = find(delimiter, from: position)
      // What may be the beginning of a boundary waits for the bytes behind it.
      let end = found ?? max(position, pending.count - delimiter.count + 1)
      if state == .data, end > position { try handle(.data(pending[position..<end])) }
      position = end
      guard found != nil else { return false }
      position += delimiter.count
      if state == .data { try handle(.partEnd) }
      state = .boundaryEnd
      return true
    case .boundaryEnd:
      return try endBoundary(&position)
    case .headers:
      return try readHeaders(&position, handle)
    case .epilogue:
      position = pending.count
      return false
    }
  }

  private mutating func endBoundary(_ position: inout Int) throws(MultipartError) -> Bool {
    var next = position
    // RFC 2046 allows spaces behind a boundary.
    while next < pending.count, pending[next] == 0x20 || pending[next] == 0x09 { next += 1 }
    guard next - position <= Self.headerLimit else { throw .malformedBoundary(part: part) }
    guard next + 1 < pending.count else { return false }
    switch (pending[next], pending[next + 1]) {
    case (0x2D, 0x2D):
      state = .epilogue
    case (0x0D, 0x0A):
      part += 1
      guard part <= partLimit else { throw .tooManyParts(limit: partLimit) }
      state = .headers
    default:
      throw .malformedBoundary(part: part)
    }
    position = next + 2
    return true
  }

  private mutating func readHeaders(
    _ position: inout Int, _ handle: (Event) throws -> Void
  ) throws -> Bool {
    guard let end = find([0x0D, 0x0A, 0x0D, 0x0A], from: position) else {
      guard pending.count - position <= Self.headerLimit else {
        throw MultipartError.tooLargeHeaders(part: part, limit: Self.headerLimit)
      }
      return false
    }
    guard end - position <= Self.headerLimit else {
      throw MultipartError.tooLargeHeaders(part: part, limit: Self.headerLimit)
    }
    try handle(.part(MultipartPart(headers: Array(pending[position..<end]), part: part)))
    position = end + 4
    state = .data
    return true
  }

  private func find(_ needle: [UInt8], from position: Int) -> Int? {
    pending.withUnsafeBytes { bytes in
      needle.withUnsafeBytes { needle in
        guard let base = bytes.baseAddress, let text = needle.baseAddress else { return nil }
        let end = bytes.count - needle.count
        var position = position
        // SAFETY: reads `end + 1 - position` bytes, and as many as the needle has from `end` at
        // most.
        while position <= end,
          let first = memchr(base + position, Int32(needle[0]), end + 1 - position)
        {
          position = UnsafeRawPointer(first) - base
          if memcmp(first, text, needle.count) == 0 { return position }
          position += 1
        }
        return nil
      }
    }
  }
}

/// The text that separates the parts of a form.
package struct MultipartBoundary: Sendable, Hashable {
  /// The text, without the two hyphens before it.
  package let text: String

  /// Reads the parameter `boundary` of a header `Content-Type: multipart/form-data; …`.
  ///
  /// Returns nil for another type, as that is no error of the form.
  package init?(contentType: String) throws(MultipartError) {
    var parts = HeaderParameters(contentType)
    guard parts.value.lowercased() == "multipart/form-data" else { return nil }
    guard let text = parts.removeValue(named: "boundary"),
      (1...70).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), text.utf8.last != 0x20
    else { throw .noBoundary }
    self.text = text
  }
}

/// What the headers of a form's part say.
package struct MultipartPart: Sendable, Hashable {
  /// The name of the field; octets that are not UTF-8 are replaced.
  package let name: String
  /// The octets of the file's name, in whatever encoding the client uses (RFC 7578, section 5.1);
  /// nil for a field that is no file.
  package let fileNameBytes: [UInt8]?

  /// The file's name to be shown; octets that are not UTF-8 are replaced.
  package var fileName: String? { fileNameBytes.map { String(decoding: $0, as: UTF8.self) } }

  /// Whether the part is what a browser sends for a file input that was left empty, if it has no
  /// bytes.
  package var isUnnamed: Bool { fileNameBytes?.isEmpty ?? true }

  /// Reads the header lines of a part.
  init(headers: [UInt8], part: Int) throws(MultipartError) {
    for line in String(octets: headers[...]).split(separator: "\r\n") {
      guard let colon = line.firstIndex(of: ":") else {
        throw .malformedHeaders(part: part, reason: "a line has no colon")
      }
      guard line[..<colon].lowercased() == "content-disposition" else { continue }
      var parameters = HeaderParameters(String(line[line.index(after: colon)...]))
      guard parameters.value.lowercased() == "form-data" else {
        throw .malformedHeaders(part: part, reason: "Content-Disposition is not form-data")
      }
      guard let name = parameters.removeValue(named: "name") else {
        throw .malformedHeaders(part: part, reason: "Content-Disposition has no name")
      }
      self.name = String(decoding: name.octets, as: UTF8.self)
      let plain = parameters.removeValue(named: "filename")
      let extended = parameters.removeValue(named: "filename*")
      fileNameBytes =
        extended.flatMap(HeaderParameters.extendedValue) ?? (plain ?? extended)?.octets
      return
    }
    throw .malformedHeaders(part: part, reason: "there is no Content-Disposition")
  }
}

/// Why a multipart body is refused.
package enum MultipartError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The header Content-Type names no boundary of 1 to 70 characters.
  case noBoundary
  /// The body ended before the closing boundary; `part` counts from 1, 0 stands for none.
  case unfinished(part: Int)
  /// A boundary is followed by something else than a line end.
  case malformedBoundary(part: Int)
  /// A part's headers are not what RFC 7578 wants.
  case malformedHeaders(part: Int, reason: String)
  /// There are more parts than the limit.
  case tooManyParts(limit: Int)
  /// The headers of a part are larger than the limit, in bytes.
  case tooLargeHeaders(part: Int, limit: Int)

  /// A sentence that says what was found and what was expected.
  package var description: String {
    switch self {
    case .noBoundary:
      "The header Content-Type must be multipart/form-data with a boundary of 1 to 70 characters."
    case .unfinished(0):
      "The form has no part: the body does not hold the boundary that Content-Type names."
    case .unfinished(let part):
      "The form ends within part \(part), before its closing boundary."
    case .malformedBoundary(let part):
      "The boundary after part \(part) must be followed by a line end or by --."
    case .malformedHeaders(let part, let reason):
      "The headers of part \(part) of the form are malformed: \(reason)."
    case .tooManyParts(let limit):
      "The form has more than \(limit) parts."
    case .tooLargeHeaders(let part, let limit):
      "The headers of part \(part) of the form have more than \(limit) bytes."
    }
  }
}
#endif
