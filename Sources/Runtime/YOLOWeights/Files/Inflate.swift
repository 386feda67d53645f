package import YOLOSystem

/// Decompression of raw DEFLATE streams, as ZIP archives hold them.
///
/// The output has a size that is known before, so memory is bounded by whoever provides it, and
/// every step reads at least a bit, so time is bounded by the input and the output.
/// Source: RFC 1951.
package struct Inflate {
  /// Why a stream cannot be decompressed.
  package struct Failure: Error, Equatable {
    /// What is wrong.
    package let reason: String
  }

  /// The most bytes that one byte of a stream can stand for: a match of 258 bytes for two bits.
  package static let maximumRatio = 1032

  private let source: ByteView
  private var position = 0
  /// Bits that are read and not yet used, the next one lowest.
  private var bits: UInt64 = 0
  private var bitCount = 0

  private init(_ source: ByteView) { self.source = source }

  /// Decompresses a stream into a buffer, which it must fill exactly.
  ///
  /// - Throws: `Failure`.
  package static func decompress(
    _ source: ByteView, into output: UnsafeMutableRawBufferPointer
  ) throws(Failure) {
    var inflate = Inflate(source)
    try inflate.run(into: output)
  }

  private mutating func run(into output: UnsafeMutableRawBufferPointer) throws(Failure) {
    var written = 0
    var isLast = false
    while !isLast {
      isLast = try take(1) == 1
      switch try take(2) {
      case 0: try copyStored(to: output, &written)
      case 1: try decode(Self.fixedLiterals, Self.fixedDistances, to: output, &written)
      case 2:
        let (literals, distances) = try readTables()
        try decode(literals, distances, to: output, &written)
      default: throw Failure(reason: "a compressed block of an unknown type")
      }
    }
    guard written == output.count else {
      throw Failure(
        reason: "it decompresses to \(written) bytes, but \(output.count) are stated")
    }
  }
}

// MARK: - Bits

extension Inflate {
  private static let truncated = Failure(reason: "the compressed data are truncated")

  /// Reads bits until there are at least 48, or until the stream ends.
  @inline(__always)
  private mutating func refill() {
    while bitCount <= 48, position < source.count {
      bits |= UInt64(source[position]) << UInt64(bitCount)
      position += 1
      bitCount += 8
    }
  }

  /// Returns the next bits as a number, the first one lowest; 16 at the most.
  @inline(__always)
  private mutating func take(_ count: Int) throws(Failure) -> Int {
    if bitCount < count { refill() }
    guard bitCount >= count else { throw Self.truncated }
    let value = Int(bits & (1 << UInt64(count) - 1))
    bits >>= UInt64(count)
    bitCount -= count
    return value
  }

  /// Returns the symbol that the next bits are the code of.
  @inline(__always)
  private mutating func symbol(_ table: HuffmanTable) throws(Failure) -> Int {
    if bitCount < HuffmanTable.maximumLength { refill() }
    let (symbol, length) = table.lookUp(bits)
    guard length > 0 else { throw Failure(reason: "a compressed code that has no meaning") }
    guard length <= bitCount else { throw Self.truncated }
    bits >>= UInt64(length)
    bitCount -= length
    return symbol
  }
}

// MARK: - Blocks

extension Inflate {
  private static let overflow = Failure(reason: "it decompresses to more bytes than are stated")

  private mutating func copyStored(
    to output: UnsafeMutableRawBufferPointer, _ written: inout Int
  ) throws(Failure) {
    _ = try take(bitCount % 8)
    let length = try take(16)
    guard try take(16) == ~length & 0xFFFF else {
      throw Failure(reason: "a stored block whose two lengths disagree")
    }
    // Whole bytes that were read ahead go back.
    position -= bitCount / 8
    (bits, bitCount) = (0, 0)
    guard let bytes = source.slice(at: position, count: length) else { throw Self.truncated }
    guard length <= output.count - written else { throw Self.overflow }
    UnsafeMutableRawBufferPointer(rebasing: output[written..<written + length])
      .copyMemory(from: bytes.buffer)
    position += length
    written += length
  }

  private mutating func decode(
    _ literals: HuffmanTable, _ distances: HuffmanTable,
    to output: UnsafeMutableRawBufferPointer, _ written: inout Int
  ) throws(Failure) {
    guard let base = output.baseAddress else {
      guard try symbol(literals) == Self.endOfBlock else { throw Self.overflow }
      return
    }
    var at = written
    defer { written = at }
    while true {
      let code = try symbol(literals)
      if code < Self.endOfBlock {
        guard at < output.count else { throw Self.overflow }
        // SAFETY: the line above checked it.
        base.storeBytes(of: UInt8(code), toByteOffset: at, as: UInt8.self)
        at += 1
        continue
      }
      if code == Self.endOfBlock { return }
      guard code - 257 < Self.lengthBases.count else {
        throw Failure(reason: "a match of unknown length")
      }
      let length =
        Int(Self.lengthBases[code - 257]) + (try take(Int(Self.lengthBits[code - 257])))
      let distanceCode = try symbol(distances)
      guard distanceCode < Self.distanceBases.count else {
        throw Failure(reason: "a match at an unknown distance")
      }
      let distance =
        Int(Self.distanceBases[distanceCode])
        + (try take(Int(Self.distanceBits[distanceCode])))
      guard distance <= at else {
        throw Failure(reason: "a match that reaches before the start")
      }
      guard length <= output.count - at else { throw Self.overflow }
      // SAFETY: source and target lie in what the lines above checked. They overlap on purpose
      // where a match repeats itself, so bytes are copied one after the other.
      var index = 0
      while index < length {
        let byte = base.load(fromByteOffset: at &- distance &+ index, as: UInt8.self)
        base.storeBytes(of: byte, toByteOffset: at &+ index, as: UInt8.self)
        index &+= 1
      }
      at += length
    }
  }

  /// Reads the tables at the start of a block that has its own.
  private mutating func readTables() throws(Failure) -> (HuffmanTable, HuffmanTable) {
    let literalCount = try take(5) + 257
    let distanceCount = try take(5) + 1
    let lengthCount = try take(4) + 4
    var codeLengths = [UInt8](repeating: 0, count: 19)
    for index in 0..<lengthCount { codeLengths[Self.lengthOrder[index]] = UInt8(try take(3)) }
    let codes = try HuffmanTable(lengths: codeLengths)
    var lengths: [UInt8] = []
    lengths.reserveCapacity(literalCount + distanceCount)
    while lengths.count < literalCount + distanceCount {
      let code = try symbol(codes)
      let (value, count): (UInt8, Int)
      switch code {
      case 0..<16: (value, count) = (UInt8(code), 1)
      case 16:
        guard let last = lengths.last else {
          throw Failure(reason: "a code length that repeats nothing")
        }
        (value, count) = (last, try take(2) + 3)
      case 17: (value, count) = (0, try take(3) + 3)
      default: (value, count) = (0, try take(7) + 11)
      }
      guard count <= literalCount + distanceCount - lengths.count else {
        throw Failure(reason: "more code lengths than codes")
      }
      lengths.append(contentsOf: repeatElement(value, count: count))
    }
    return (
      try HuffmanTable(lengths: Array(lengths[..<literalCount])),
      try HuffmanTable(lengths: Array(lengths[literalCount...]))
    )
  }
}

// MARK: - Constants

extension Inflate {
  private static let endOfBlock = 256
  private static let lengthOrder = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
  ]
  private static let lengthBases: [UInt16] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
  ]
  private static let lengthBits: [UInt8] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distanceBases: [UInt16] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
  ]
  private static let distanceBits: [UInt8] = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13,
    13,
  ]
  private static let fixedLiterals = HuffmanTable(
    complete: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
  private static let fixedDistances = HuffmanTable(
    complete: [UInt8](repeating: 5, count: 32))
}

/// A prefix code: symbols by the bits that stand for them.
///
/// Codes up to `primaryBits` are found in one look, longer ones bit by bit.
private struct HuffmanTable {
  /// The most bits of a code.
  static let maximumLength = 15
  private static let primaryBits = 10

  /// For the next `primaryBits` bits, symbol · 16 + length; 0 where the code is longer or unknown.
  private var primary = [UInt16](repeating: 0, count: 1 << primaryBits)
  /// How many codes have each length.
  private var counts = [UInt16](repeating: 0, count: maximumLength + 1)
  /// The symbols by length, then by number.
  private var symbols: [UInt16] = []

  /// Creates a table from the length of each symbol's code, 0 for symbols without one.
  ///
  /// - Throws: `Inflate.Failure` for lengths that more codes would need than there are. Codes may
  ///   be left over: meeting one of those is an error then.
  init(lengths: [UInt8]) throws(Inflate.Failure) {
    var available = 1
    var counts = [Int](repeating: 0, count: Self.maximumLength + 1)
    for length in lengths { counts[Int(length)] += 1 }
    counts[0] = 0
    for length in 1...Self.maximumLength {
      available = 2 * available - counts[length]
      guard available >= 0 else {
        throw Inflate.Failure(reason: "a code table with more codes than there can be")
      }
    }
    self.init(complete: lengths)
  }

  /// Creates a table from lengths that are known to be possible.
  init(complete lengths: [UInt8]) {
    for length in lengths where length > 0 { counts[Int(length)] += 1 }
    var next = [Int](repeating: 0, count: Self.maximumLength + 2)
    var starts = next
    for length in 1...Self.maximumLength {
      next[length + 1] = (next[length] + Int(counts[length])) << 1
      starts[length + 1] = starts[length] + Int(counts[length])
    }
    symbols = [UInt16](repeating: 0, count: starts[Self.maximumLength + 1])
    for (symbol, length) in lengths.enumerated() where length > 0 {
      let length = Int(length)
      symbols[starts[length]] = UInt16(symbol)
      starts[length] += 1
      let code = next[length]
      next[length] += 1
      guard length <= Self.primaryBits else { continue }
      // Codes come with their highest bit first, the table is indexed by the first bit lowest.
      var index = 0
      for bit in 0..<length where code >> bit & 1 == 1 { index |= 1 << (length - 1 - bit) }
      while index < primary.count {
        primary[index] = UInt16(symbol << 4 | length)
        index += 1 << length
      }
    }
  }

  /// Returns the symbol whose code the bits start with, and the code's length; 0 if there is none.
  @inline(__always)
  func lookUp(_ bits: UInt64) -> (symbol: Int, length: Int) {
    let entry = primary[Int(bits & UInt64(primary.count - 1))]
    if entry != 0 { return (Int(entry >> 4), Int(entry & 15)) }
    var code = 0
    var first = 0
    var index = 0
    for length in 1...Self.maximumLength {
      code |= Int(bits >> UInt64(length - 1) & 1)
      let count = Int(counts[length])
      if code - first < count { return (Int(symbols[index + code - first]), length) }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    return (0, 0)
  }
}
