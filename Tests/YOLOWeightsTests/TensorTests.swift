import Testing
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

@Suite struct TensorTests {
  /// A model of one layer with one tensor.
  private func layer(_ tensor: Python) -> Python {
    .model(.module("ultralytics.nn.modules.conv.Conv", tensors: [("weight", tensor)]))
  }

  private func open(_ tensor: Python, _ storage: [UInt8]) throws -> WeightTensor {
    let bytes = ZipBuilder(pickle: layer(tensor).pickle, storages: ["0": storage]).bytes
    let record = try #require(try Checkpoint(bytes: bytes, name: "test").model["model.0"])
    return try #require(record.tensors["weight"])
  }

  private func reason(_ tensor: Python, _ storage: [UInt8]) -> String {
    thrown { _ = try open(tensor, storage) }.map(\.description) ?? "no error"
  }

  @Test func everyTypeConverts() throws {
    func check(
      _ storage: String, _ type: ElementType, _ size: Int, _ raw: [UInt64], _ values: [Float]
    ) throws {
      let bytes = raw.flatMap { little($0, count: size) }
      let tensor = try open(.tensor(storage, key: "0", shape: [raw.count]), bytes)
      #expect(tensor.elementType == type && tensor.shape == [raw.count])
      #expect(tensor.floats() == values, "\(storage)")
      // Backwards through strides of two: another loop.
      let strided = try open(
        .tensor(
          storage, key: "0", storageCount: raw.count, shape: [raw.count / 2, 1], strides: [2, 1]),
        bytes)
      #expect(
        strided.floats() == stride(from: 0, to: raw.count / 2 * 2, by: 2).map { values[$0] })
    }
    try check("HalfStorage", .float16, 2, [0x3C00, 0xC000, 1, 0x7BFF], [1, -2, 0x1p-24, 65504])
    try check("BFloat16Storage", .bfloat16, 2, [0x3F80, 0xC000], [1, -2])
    try check("FloatStorage", .float32, 4, [0x3F80_0000, 0xC000_0000], [1, -2])
    try check(
      "DoubleStorage", .float64, 8, [(1.0 / 3).bitPattern, 1e300.bitPattern], [1 / 3, .infinity])
    try check("CharStorage", .int8, 1, [0x7F, 0x80], [127, -128])
    try check("ShortStorage", .int16, 2, [0x7FFF, 0x8000], [32767, -32768])
    try check("IntStorage", .int32, 4, [5, 0xFFFF_FFFF], [5, -1])
    try check("LongStorage", .int64, 8, [5, .max], [5, -1])
    try check("ByteStorage", .uint8, 1, [0, 255], [0, 255])
    try check("BoolStorage", .bool, 1, [0, 1, 7, 0], [0, 1, 1, 0])
  }

  /// A dimension of one element may have any stride: found by damaging structures at random.
  @Test(arguments: [Int.max, Int.max / 2 + 1, 1 << 62])
  func theStrideOfOneElementDoesNotMatter(stride: Int) throws {
    let tensor = try open(
      .tensor(key: "0", shape: [2, 1, 1, 2], strides: [1, stride, stride, 2]),
      floatBytes([1, 2, 3, 4]))
    #expect(tensor.floats() == [1, 3, 2, 4])
  }

  @Test func notANumberStaysOne() throws {
    let tensor = try open(.tensor(key: "0", shape: [2]), floatBytes([.nan, .infinity]))
    #expect(tensor.floats()[0].isNaN && tensor.floats()[1] == .infinity)
  }

  /// Every layout against the definition: element [i, j, k, l] is storage[offset + Σ index ·
  /// stride].
  @Test(
    arguments: [
      ([2, 3, 2, 2], [12, 4, 2, 1], 0), ([2, 3, 2, 2], [12, 1, 6, 3], 0), ([3, 2], [1, 3], 0),
      ([2, 2], [0, 1], 3), ([4], [5], 2), ([], [], 9), ([2, 1, 3], [3, 99, 1], 1),
      ([1, 1], [7, 7], 0),
      ([0, 3], [3, 1], 24), ([2, 0], [1, 1], 0), ([3, 2, 2], [1, 0, 4], 5),
    ] as [([Int], [Int], Int)])
  func stridesAreHonored(shape: [Int], strides: [Int], offset: Int) throws {
    let values = (0..<24).map { Float($0) }
    var expected: [Float] = []
    func visit(_ dimension: Int, _ position: Int) {
      guard dimension < shape.count else { return expected.append(values[position]) }
      for index in 0..<shape[dimension] {
        visit(dimension + 1, position + index * strides[dimension])
      }
    }
    visit(0, offset)
    for (type, bytes) in [
      ("FloatStorage", floatBytes(values)),
      ("ShortStorage", (0..<24).flatMap { little($0, count: 2) }),
    ] {
      let tensor = try open(
        .tensor(type, key: "0", storageCount: 24, offset: offset, shape: shape, strides: strides),
        bytes)
      #expect(tensor.floats() == expected)
      #expect(tensor.count == expected.count)
      var raw = [UInt8](repeating: 0xEE, count: tensor.byteCount)
      raw.withUnsafeMutableBytes { tensor.readBytes(into: $0) }
      let direct =
        type == "FloatStorage"
        ? floatBytes(expected) : expected.flatMap { little(UInt64($0), count: 2) }
      #expect(raw == direct)
    }
  }

  @Test func tensorsOutsideTheirStorageAreRefused() {
    let storage = floatBytes((0..<24).map { Float($0) })
    func refused(_ shape: [Int], _ strides: [Int], _ offset: Int = 0, _ because: String) {
      let text = reason(
        .tensor(key: "0", storageCount: 24, offset: offset, shape: shape, strides: strides), storage
      )
      #expect(text.contains("test: model.0.weight: unusable tensor: "))
      #expect(text.contains(because), "\(text)")
    }
    refused([25], [1], 0, "reaches beyond")
    refused([24], [1], 1, "reaches beyond")
    refused([2, 2], [23, 1], 0, "reaches beyond")
    refused([2], [.max], 0, "reaches beyond")
    refused([3], [.max], 0, "reaches beyond")
    refused([2, 2], [.max - 1, .max - 1], 0, "reaches beyond")
    refused([2], [-1], 5, "negative stride")
    refused([2], [1], -1, "negative stride or offset")
    refused([-2], [1], 0, "negative dimension")
    refused([2], [1], 25, "starts at element 25 of 24")
    refused([2], [1], .max, "starts at element")
    refused([2], [1, 1], 0, "2 strides for 1 dimensions")
    refused([.max, .max], [0, 0], 0, "too many elements")
    refused([1 << 21, 1 << 21], [0, 0], 0, "too many elements")
    refused([1 << 30], [0], 0, "repeats its elements")
    refused([0, .max, .max], [0, 0, 0], 0, "too many elements")
    refused([Int](repeating: 1, count: 17), [Int](repeating: 1, count: 17), 0, "dimensions")
    refused(
      [Int](repeating: 1, count: 70), [Int](repeating: 1, count: 70), 0, "not made of integers")
  }

  @Test func storagesThatDoNotFitAreRefused() {
    let bytes = floatBytes([1, 2])
    #expect(reason(.tensor(key: "1", shape: [2]), bytes).contains("lacks its data, data/1"))
    #expect(
      reason(.tensor(key: "0", storageCount: 3, shape: [2]), bytes).contains(
        "data/0 has 8 bytes, not 3 elements of float32"))
    #expect(
      reason(.tensor(key: "0", storageCount: .max, shape: [2]), bytes).contains("has 8 bytes"))
    #expect(reason(.tensor(key: "../data/0", shape: [2]), bytes).contains("lacks its data"))
    #expect(reason(.int(3), bytes).contains("it is not a tensor"))
  }
}
