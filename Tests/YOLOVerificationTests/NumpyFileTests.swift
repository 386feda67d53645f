import Testing
import YOLOTensor
import YOLOTestSupport

@Suite struct NumpyFileTests {
  /// A file of the given header and values.
  private static func file(
    _ header: String, _ values: [UInt8], version: UInt8 = 1, length: Int? = nil
  ) -> [UInt8] {
    let length = length ?? header.utf8.count
    let count = version == 1 ? 2 : 4
    return [0x93] + Array("NUMPY".utf8) + [version, 0]
      + (0..<count).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
      + values
  }

  private static func header(
    _ type: String, _ shape: String, fortran: String = "False"
  ) -> String {
    "{'descr': '\(type)', 'fortran_order': \(fortran), 'shape': \(shape), }\n"
  }

  private static func bytes<Bits: FixedWidthInteger>(_ bits: [Bits]) -> [UInt8] {
    bits.flatMap { value in withUnsafeBytes(of: value.littleEndian) { Array($0) } }
  }

  @Test func whatIsWrittenIsRead() throws {
    let values: [Float] = [0, -1.5, .infinity, 3e-42, 7, .pi]
    for shape in [[6], [1, 2, 3], [2, 1, 3, 1]] {
      let tensor = Tensor(shape: shape, values: values)
      #expect(try NumpyFile.tensor(of: NumpyFile.bytes(of: tensor), named: "a") == tensor)
    }
    // The header says where it ends, and the values begin at a multiple of 64 bytes.
    for rank in [0, 1, 3, 7, 32] {
      let one = Tensor(shape: [Int](repeating: 1, count: rank), values: [0.5])
      let bytes = NumpyFile.bytes(of: one)
      #expect(bytes.count % 64 == 4 && bytes[6] == 1)
      #expect(try NumpyFile.tensor(of: bytes, named: "a") == one)
    }
    // A header of more than 65,535 bytes is of version 2; it is not read, as by NumPy.
    let deep = NumpyFile.bytes(of: Tensor(shape: [Int](repeating: 1, count: 30_000), values: [1]))
    #expect(deep.count % 64 == 4 && deep[6] == 2)
    #expect(throws: NumpyFile.Failure.self) { try NumpyFile.tensor(of: deep, named: "a") }
    let bytes = NumpyFile.bytes(of: [0, 7, 255], shape: [3])
    #expect(try NumpyFile.tensor(of: bytes, named: "a").values == [0, 7, 255])
  }

  @Test(arguments: [1, 2, 3] as [UInt8]) func typesAndVersions(version: UInt8) throws {
    let values: [Float] = [0, -1.5, 65504, 5.9604645e-08]
    let files = [
      Self.file(
        Self.header("<f2", "(4,)"), Self.bytes([0, 0xBE00, 0x7BFF, 1] as [UInt16]),
        version: version),
      Self.file(
        Self.header("<f4", "(2, 2)"), Self.bytes(values.map(\.bitPattern)), version: version),
      Self.file(
        Self.header("<f8", "(4, 1)"), Self.bytes(values.map { Double($0).bitPattern }),
        version: version),
    ]
    for file in files {
      #expect(try NumpyFile.tensor(of: file, named: "a").values == values)
    }
    let scalar = Self.file(
      "{\"shape\":(),\"fortran_order\":False,\"descr\":\"|u1\"}", [9], version: version)
    #expect(
      try NumpyFile.tensor(of: scalar, named: "a") == Tensor(shape: [], values: [9]))
    let empty = Self.file(Self.header("<f4", "(0, 5)"), [], version: version)
    #expect(try NumpyFile.tensor(of: empty, named: "a").shape == [0, 5])
  }

  static let hostile: [(bytes: [UInt8], reason: String)] = [
    ([], "begin with"),
    (Array("PK\u{3}\u{4}abcdefghijk".utf8), "begin with"),
    (file(header("<f4", "(1,)"), [0, 0, 0, 0], version: 4), "version 4.0"),
    (file(header("<f4", "(1,)"), [0, 0, 0, 0], length: 9999), "ends within its header"),
    (file("", [], version: 2, length: 0xFFFF_FFFF), "10000 at most"),
    (Array([0x93] + Array("NUMPY".utf8) + [2, 0, 1, 0]), "ends within its header"),
    (file(header("<f4", "(1,)", fortran: "True"), [0, 0, 0, 0]), "Fortran order"),
    (file(header("<f4", "(1,)", fortran: "1"), [0, 0, 0, 0]), "True or False"),
    (file(header(">f4", "(1,)"), [0, 0, 0, 0]), "'>f4'"),
    (file(header("|O", "(1,)"), [0, 0, 0, 0]), "'|O'"),
    (file(header("<f4", "(2,)"), [0, 0, 0, 0]), "expected 8"),
    (file(header("<f4", "(1,)"), [0, 0, 0, 0, 0]), "expected 4"),
    (file(header("<f4", "(-1,)"), [0, 0, 0, 0]), "a dimension"),
    (file(header("<f4", "(99999999999999999999,)"), []), "a dimension"),
    (file(header("<f4", "(4294967296, 4294967296)"), []), "more than"),
    (file(header("<f4", "(9223372036854775807, 2)"), []), "more than"),
    (file(header("<f4", "(4294967296, 0, 4294967296)"), []), "more than"),
    (file(header("<f4", "(1.5,)"), []), "malformed"),
    (file(header("<f4", "[1]"), [0, 0, 0, 0]), "malformed"),
    (
      file(header("<f4", "(" + String(repeating: "1,", count: 40) + ")"), [0, 0, 0, 0]),
      "dimension"
    ),
    (file("{'descr': '<f4', 'shape': (1,)}", [0, 0, 0, 0]), "lacks the key 'fortran_order'"),
    (file("{'descr': '<f4', 'descr': '<f4'}", [0, 0, 0, 0]), "twice"),
    (file("{'descr': '<f4', 'code': 'exec'}", [0, 0, 0, 0]), "'code'"),
    (file("{'descr': [('a', '<f4')]}", [0, 0, 0, 0]), "malformed"),
    (file(header("<f4", "(1,)") + "x", [0, 0, 0, 0]), "after its end"),
    (file("{'descr': '<f4", [0, 0, 0, 0]), "malformed"),
    (file("{", []), "malformed"),
  ]

  @Test(arguments: hostile.indices) func hostileFilesAreRefused(index: Int) {
    let (bytes, reason) = Self.hostile[index]
    let failure = #expect(throws: NumpyFile.Failure.self) {
      try NumpyFile.tensor(of: bytes, named: "x.npy")
    }
    #expect(failure?.file == "x.npy")
    #expect(failure?.reason.contains(reason) == true, "\(failure?.reason ?? "")")
  }

  @Test func mutationsNeverTrap() {
    var random = SplitMix64(seed: 11)
    let sound = NumpyFile.bytes(of: Tensor(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]))
    var refused = 0
    for _ in 0..<20_000 {
      var bytes = sound
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      if Bool.random(using: &random) {
        bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
      }
      do {
        let tensor = try NumpyFile.tensor(of: bytes, named: "x")
        #expect(tensor.values.count <= bytes.count)
      } catch {
        refused += 1
      }
    }
    #expect(refused > 5000)
  }
}
