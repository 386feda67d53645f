import Testing
import YOLOSystem
import YOLOTestSupport
import YOLOWeights

/// Streams of zlib, and damaged ones.
@Suite struct InflateTests {
  private func decompress(_ stream: [UInt8], count: Int) throws -> [UInt8] {
    let source = try MappedFile(copying: stream.isEmpty ? [0] : stream, name: "test")
    defer { withExtendedLifetime(source) {} }
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { output.deallocate() }
    output.initializeMemory(as: UInt8.self, repeating: 0xAA)
    try Inflate.decompress(ByteView(base: source.bytes.base, count: stream.count), into: output)
    return [UInt8](output)
  }

  private static let text = Array("a checkpoint is a checkpoint is a checkpoint".utf8)
  /// The text with the codes that the format defines, a match that repeats itself in it.
  private static let fixed: [UInt8] = [
    75, 84, 72, 206, 72, 77, 206, 46, 200, 207, 204, 43, 81, 200, 44, 86, 72, 196, 195, 7, 0,
  ]
  private static let stored: [UInt8] = [1, 5, 0, 250, 255, 112, 108, 97, 105, 110]

  @Test func everyKindOfBlock() throws {
    #expect(try decompress(Self.fixed, count: Self.text.count) == Self.text)
    #expect(try decompress(Self.stored, count: 5) == Array("plain".utf8))
    // A hundred thousand zeros: a table of its own, and matches of the greatest length.
    let zeros: [UInt8] =
      [237, 193, 49, 1, 0, 0, 0, 194, 160, 245, 79, 109, 13, 15, 160]
      + [UInt8](repeating: 0, count: 96) + [128, 87, 3]
    #expect(try decompress(zeros, count: 100_000) == [UInt8](repeating: 0, count: 100_000))
  }

  @Test func sizesMustBeTrue() {
    for count in [0, 1, 43, 45, 1000] {
      #expect(throws: Inflate.Failure.self) { try decompress(Self.fixed, count: count) }
    }
    for count in [0, 4, 6] {
      #expect(throws: Inflate.Failure.self) { try decompress(Self.stored, count: count) }
    }
  }

  @Test func damageIsFound() {
    for stream in [Self.fixed, Self.stored] {
      for length in 0..<stream.count {
        #expect(throws: Inflate.Failure.self) {
          try decompress(Array(stream[..<length]), count: stream == Self.fixed ? 44 : 5)
        }
      }
    }
    // A block of an unknown type, two lengths that disagree, a match before the start.
    for stream: [UInt8] in [[7, 0], [1, 5, 0, 5, 0, 1, 2, 3, 4, 5], [3, 2, 0]] {
      #expect(throws: Inflate.Failure.self) { try decompress(stream, count: 5) }
    }
  }

  @Test func noStreamHangsOrWritesOutside() throws {
    var random = SplitMix64(seed: 3)
    for turn in 0..<20_000 {
      var stream =
        turn % 2 == 0 ? Self.fixed : (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        stream[Int.random(in: stream.indices, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      // Half of the random ones start as a block with tables of its own.
      if turn % 4 == 1 { stream[0] = stream[0] & 0xF8 | 5 }
      _ = try? decompress(stream, count: 44)
    }
  }
}
