// Reading of fields from untrusted bytes: whatever reaches beyond the end is nil or false.

extension Span<UInt8> {
  /// Whether the bytes begin with `prefix`.
  func starts(with prefix: [UInt8]) -> Bool {
    guard count >= prefix.count else { return false }
    for index in prefix.indices where self[index] != prefix[index] { return false }
    return true
  }

  /// Whether the UTF-8 of `text` stands at `offset`.
  func has(_ text: String, at offset: Int) -> Bool {
    let text = text.utf8
    guard let field = range(at: offset, count: text.count) else { return false }
    return zip(field, text).allSatisfy { self[$0] == $1 }
  }

  /// The indices of `count` bytes from `offset` on, nil where they are not all there.
  func range(at offset: Int, count length: Int) -> Range<Int>? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    return offset..<offset + length
  }

  /// The unsigned number of `length` bytes at `offset`, nil where they are not all there.
  func integer(at offset: Int, count length: Int, _ order: ByteOrder) -> Int? {
    guard let field = range(at: offset, count: length) else { return nil }
    var value = 0
    switch order {
    case .bigEndian: for index in field { value = value << 8 | Int(self[index]) }
    case .littleEndian: for index in field.reversed() { value = value << 8 | Int(self[index]) }
    }
    return value
  }
}

/// Which byte of a number comes first.
enum ByteOrder: Sendable {
  /// The most significant byte.
  case bigEndian
  /// The least significant byte.
  case littleEndian
}
