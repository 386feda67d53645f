/// The type of a tensor's elements, as it is stored.
public enum ElementType: Sendable, Hashable, CaseIterable, BitwiseCopyable {
  /// IEEE 754 binary16.
  case float16
  /// The upper half of an IEEE 754 binary32.
  case bfloat16
  /// IEEE 754 binary32.
  case float32
  /// IEEE 754 binary64.
  case float64
  /// A signed byte.
  case int8
  /// A signed 16-bit number.
  case int16
  /// A signed 32-bit number.
  case int32
  /// A signed 64-bit number.
  case int64
  /// An unsigned byte.
  case uint8
  /// A truth value in a byte: 0 is false, anything else true.
  case bool
}

extension ElementType {
  /// The bytes of one element.
  public var size: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .bfloat16, .int16: 2
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }
}

extension ElementType: CustomStringConvertible {
  /// The name as torch prints it, without its prefix.
  public var description: String {
    switch self {
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .float32: "float32"
    case .float64: "float64"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .uint8: "uint8"
    case .bool: "bool"
    }
  }
}
