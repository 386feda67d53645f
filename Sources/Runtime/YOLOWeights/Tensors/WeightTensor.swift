package import YOLOSystem
public import YOLOTensor

/// A tensor of a weight file: its type and shape, and its elements as they lie in the file.
///
/// Nothing is converted before it is asked for, and nothing is kept: every read converts anew from
/// the mapped file. Shape, strides and range were checked when the tensor was made, so reading
/// cannot fail.
public struct WeightTensor: Sendable {
  /// The maximum number of dimensions that are read.
  package static let rankLimit = 16
  /// How many elements a tensor may have beyond those of its storage (a stride of zero repeats
  /// elements, so a small file could ask for any amount of memory).
  package static let expansionLimit = 1 << 20

  /// The type of the elements in the file.
  public let elementType: ElementType
  /// The size of every dimension; empty for a scalar.
  public let shape: [Int]
  /// The number of elements.
  public let count: Int
  /// The distance between neighbors of every dimension, in elements.
  package let strides: [Int]
  private let file: MappedFile
  private let byteOffset: Int

  /// The size of all elements in the file's type, in bytes.
  public var byteCount: Int { count * elementType.size }

  /// Whether the elements are floating-point numbers.
  package var isFloatingPoint: Bool {
    switch elementType {
    case .float16, .bfloat16, .float32, .float64: true
    case .int8, .int16, .int32, .int64, .uint8, .bool: false
    }
  }

  /// Whether the elements lie in the file in row-major order without gaps.
  public var isContiguous: Bool {
    var expected = 1
    for (dimension, stride) in zip(shape, strides).reversed() where dimension != 1 {
      if stride != expected { return count == 0 }
      expected *= dimension
    }
    return true
  }

  /// Describes a tensor inside `region` of a file, an integer of elements.
  ///
  /// `offset` and `strides` are in elements; nil strides stand for row-major order without gaps.
  ///
  /// - Throws: `WeightError.invalidTensor` naming `key` when it would reach outside the region.
  package init(
    key: String, file: MappedFile, region: Range<Int>, elementType: ElementType, shape: [Int],
    strides: [Int]? = nil, offset: Int = 0
  ) throws(WeightError) {
    func unusable(_ reason: String) -> WeightError {
      .invalidTensor(file: file.name, tensor: key, reason: reason)
    }
    guard shape.count <= Self.rankLimit else {
      throw unusable("\(shape.count) dimensions, at most \(Self.rankLimit)")
    }
    guard shape.allSatisfy({ $0 >= 0 }) else { throw unusable("a negative dimension in \(shape)") }
    var count = 1
    var packed: [Int] = []
    for dimension in shape.reversed() {
      packed.append(count)
      let (product, overflow) = count.multipliedReportingOverflow(by: max(dimension, 1))
      guard !overflow, product <= 1 << 40 else { throw unusable("\(shape) has too many elements") }
      count = product
    }
    if shape.contains(0) { count = 0 }
    let strides = strides ?? packed.reversed()
    guard strides.count == shape.count else {
      throw unusable("\(strides.count) strides for \(shape.count) dimensions")
    }
    guard strides.allSatisfy({ $0 >= 0 }), offset >= 0 else {
      throw unusable("a negative stride or offset")
    }
    let available = region.count / elementType.size
    guard region.lowerBound >= 0, region.upperBound <= file.count, offset <= available else {
      throw unusable("it starts at element \(offset) of \(available)")
    }
    if count > 0 {
      var last = offset
      for (dimension, stride) in zip(shape, strides) {
        let (reach, overflow) = (dimension - 1).multipliedReportingOverflow(by: stride)
        guard !overflow, reach < available, last + reach < available else {
          throw unusable("shape \(shape) with strides \(strides) reaches beyond its storage")
        }
        last += reach
      }
      guard last < available else {
        throw unusable("shape \(shape) with strides \(strides) reaches beyond its storage")
      }
      guard count - available <= Self.expansionLimit else {
        throw unusable("it repeats its elements to \(count)")
      }
    }
    self.elementType = elementType
    self.shape = shape
    self.count = count
    self.strides = strides
    self.file = file
    byteOffset = region.lowerBound + offset * elementType.size
  }

  /// Calls a function with the address of the first element.
  func withBase<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result {
    // SAFETY: `init` checked every reachable element against the file, which `self` keeps alive.
    withExtendedLifetime(file) { body(file.bytes.base + byteOffset) }
  }
}

extension WeightTensor: CustomStringConvertible {
  /// The type and the shape, such as `float16 [16, 3, 3, 3]`.
  public var description: String { "\(elementType) \(shape)" }
}
