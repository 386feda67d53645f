import Testing
import YOLOSystem
import YOLOTestSupport
import YOLOWeights

@Suite struct ChecksumTests {
  /// The check value of the CRC catalog, and lengths around the step of eight bytes.
  @Test(arguments: [1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 1000])
  func agreesWithTheBitwiseForm(length: Int) throws {
    var random = SplitMix64(seed: UInt64(length))
    let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
    let file = try MappedFile(copying: bytes, name: "test")
    #expect(withExtendedLifetime(file) { Checksum.crc32(file.bytes) } == crc32(bytes))
  }

  @Test func givesTheCatalogValue() throws {
    let file = try MappedFile(copying: Array("123456789".utf8), name: "test")
    #expect(withExtendedLifetime(file) { Checksum.crc32(file.bytes) } == 0xCBF4_3926)
  }
}
