/// A strict parser of JSON (RFC 8259) with bounded depth and size.
public struct JSONParser {
  /// The maximum number of arrays and objects inside one another.
  public static let depthLimit = 128
  /// The maximum number of values in all.
  public static let valueLimit = 1_000_000

  /// Where and why a text is not the JSON that is read.
  public struct Failure: Error, Equatable {
    /// The offset of the byte.
    public let offset: Int
    /// The reason.
    public let reason: String
  }

  private let bytes: UnsafeRawBufferPointer
  private let maximumValues: Int
  private var offset = 0
  private var valueCount = 0

  /// Parses UTF-8 text that holds one value, with spaces around it, and at most `valueLimit` values
  /// in all.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer, valueLimit: Int = Self.valueLimit
  ) throws(Failure) -> JSONValue {
    var parser = JSONParser(bytes: bytes, maximumValues: valueLimit)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.offset == bytes.count else { throw parser.failure("text after the value") }
    return value
  }

  /// Parses a text that holds one value, with spaces around it.
  public static func parse(_ text: String) throws(Failure) -> JSONValue {
    var text = text
    let result: Result<JSONValue, Failure> = text.withUTF8 { buffer in
      do throws(Failure) {
        return .success(try parse(UnsafeRawBufferPointer(buffer)))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private init(bytes: UnsafeRawBufferPointer, maximumValues: Int) {
    self.bytes = bytes
    self.maximumValues = maximumValues
  }

  private func failure(_ reason: String) -> Failure { Failure(offset: offset, reason: reason) }

  private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { offset += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func value(depth: Int) throws(Failure) -> JSONValue {
    valueCount += 1
    guard valueCount <= maximumValues else {
      throw failure("more than \(maximumValues) values")
    }
    guard depth <= Self.depthLimit else { throw failure("nested deeper than \(Self.depthLimit)") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw failure("the text ends where a value should be")
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(Failure) -> JSONValue {
    offset += 1
    var members: [JSONMember] = []
    var keys: Set<String> = []
    if take("}") { return .object([]) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("a member without a name") }
      let key = try string()
      guard keys.insert(key).inserted else {
        throw failure("two members are named \(key.prefix(100))")
      }
      guard take(":") else { throw failure("a colon is missing") }
      members.append(JSONMember(key, try value(depth: depth + 1)))
    } while take(",")
    guard take("}") else { throw failure("an object without its end") }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(Failure) -> JSONValue {
    offset += 1
    var elements: [JSONValue] = []
    if take("]") { return .array([]) }
    repeat { elements.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw failure("an array without its end") }
    return .array(elements)
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(Failure) -> JSONValue {
    for byte in word.utf8 {
      guard next == byte else { throw failure("an unknown word") }
      offset += 1
    }
    return value
  }

  private mutating func digits() throws(Failure) {
    let start = offset
    while let byte = next, (0x30...0x39).contains(byte) { offset += 1 }
    guard offset > start else { throw failure("a digit is missing") }
  }

  private mutating func number() throws(Failure) -> JSONValue {
    let start = offset
    var isInteger = true
    if next == UInt8(ascii: "-") { offset += 1 }
    let first = offset
    try digits()
    guard bytes[first] != UInt8(ascii: "0") || offset == first + 1 else {
      throw failure("a number with a leading zero")
    }
    if next == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      isInteger = false
      offset += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
      try digits()
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isInteger, let integer = Int(text) { return .int(integer) }
    guard let real = Double(text), real.isFinite else {
      throw failure("a number beyond all bounds")
    }
    return .double(real)
  }

  private mutating func string() throws(Failure) -> String {
    offset += 1
    var utf8: [UInt8] = []
    while let byte = next {
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: utf8, as: UTF8.self) else {
          throw failure("text that is not UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): try escape(into: &utf8)
      case 0..<0x20: throw failure("a control character inside text")
      default: utf8.append(byte)
      }
    }
    throw failure("text without its end")
  }

  private mutating func escape(into utf8: inout [UInt8]) throws(Failure) {
    guard let byte = next else { throw failure("text without its end") }
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): utf8.append(byte)
    case UInt8(ascii: "b"): utf8.append(0x08)
    case UInt8(ascii: "f"): utf8.append(0x0C)
    case UInt8(ascii: "n"): utf8.append(0x0A)
    case UInt8(ascii: "r"): utf8.append(0x0D)
    case UInt8(ascii: "t"): utf8.append(0x09)
    case UInt8(ascii: "u"):
      var code = try codeUnit()
      if (0xD800...0xDBFF).contains(code) {
        guard next == UInt8(ascii: "\\") else { throw failure("half a surrogate pair") }
        offset += 1
        guard next == UInt8(ascii: "u") else { throw failure("half a surrogate pair") }
        offset += 1
        let low = try codeUnit()
        guard (0xDC00...0xDFFF).contains(low) else { throw failure("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
      utf8.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
    default: throw failure("an unknown escape")
    }
  }

  private mutating func codeUnit() throws(Failure) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("an escape without four hexadecimal digits")
      }
      code = code << 4 | UInt32(digit)
      offset += 1
    }
    return code
  }
}
