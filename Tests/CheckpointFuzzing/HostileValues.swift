import YOLOTensor
import YOLOTestSupport
import YOLOWeights

/// Values that no checkpoint has where they are put, and some that are merely unusual.
enum HostileValues {
  /// Numbers at which arithmetic or a limit ends.
  private static let extremes = [
    0, -1, 1 << 31, (1 << 31) - 1, -(1 << 31), 1 << 32, (1 << 32) - 1, Int.max, Int.min,
    Int.max - 1,
    Int.min + 1, 1 << 62, -(1 << 62), 1 << 53, 1 << 20, 65_535, 65_536, 65_537, 4096, 4097, 1025,
    1024, 1000, 513, 512, 257, 256, 255, 128, 100, 65, 64, 63, 33, 32, 31, 17, 16, 15,
  ]

  private static let reals: [Double] = [
    0, -0.0, -1, .nan, .infinity, -.infinity, 1e300, -1e300, .leastNonzeroMagnitude, 0.5, 1.5, 2.0,
    3.0, 8.0, 1024,
    9_223_372_036_854_775_808, 1e-30, 3.4e38, 3.5e38,
  ]

  private static let texts = [
    "", "nearest", "bilinear", "zeros", "reflect", "\u{1B}[31m", "3", "None", "détecter", "\u{0}",
    "../../etc/passwd", "SiLU",
  ]

  /// Every number and every type, and lists of numbers that matter most.
  static func all() -> [ValueSketch] {
    let numbers = Array(1...9) + extremes
    let few = [0, -1, 1, 2, 3, 64, 65_536, 65_537, 1 << 31, 1 << 62, Int.max, Int.min]
    let lists = few.flatMap { number -> [[Int]] in
      [[number], [number, 1], [1, number], [number, number], [number, 1, 1, 1]]
    }
    return numbers.map { .int($0) } + lists.map { .list($0.map { .int($0) }) }
      + reals.map { .float($0) } + reals.prefix(8).map { .list([.float($0), .float($0)]) }
      + texts.map { .string($0) } + [
        .none, .bool(true), .bool(false), .list([]), .tuple([]), .dictionary([]),
        .list([.int(1), .string("x")]), .list([.list([.int(3)])]),
        .list([ValueSketch](repeating: .int(1), count: 5000)),
        .tensor(TensorSketch(shape: [3], values: [8, 16, 32])),
        .tensor(TensorSketch(shape: [], values: [.nan])),
        .tensor(TensorSketch(shape: [0], values: [])),
      ]
  }

  static func int(using random: inout SplitMix64) -> Int {
    Bool.random(using: &random)
      ? Int.random(in: 0...9, using: &random)
      : extremes[Int.random(in: 0..<extremes.count, using: &random)]
  }

  static func real(using random: inout SplitMix64) -> Double {
    reals[Int.random(in: 0..<reals.count, using: &random)]
  }

  /// Returns a value of any type.
  static func value(using random: inout SplitMix64, depth: Int = 0) -> ValueSketch {
    switch Int.random(in: 0..<22, using: &random) {
    case 0..<9: return .int(int(using: &random))
    case 9, 10: return .float(real(using: &random))
    case 11: return .bool(Bool.random(using: &random))
    case 12: return .none
    case 13: return .string(texts[Int.random(in: 0..<texts.count, using: &random)])
    case 14: return .string(String(repeating: "x", count: 10_000))
    case 15, 16, 17:
      let count = [0, 1, 2, 2, 2, 3, 4, 4, 9][Int.random(in: 0..<9, using: &random)]
      let values = (0..<count).map { _ -> ValueSketch in
        depth < 3 && Int.random(in: 0..<8, using: &random) == 0
          ? value(using: &random, depth: depth + 1) : .int(int(using: &random))
      }
      return Bool.random(using: &random) ? .list(values) : .tuple(values)
    case 18:
      // A long list, seldom since it is slow.
      let count = Int.random(in: 0..<8, using: &random) == 0 ? 100_000 : 1000
      return .list([ValueSketch](repeating: .int(int(using: &random)), count: count))
    case 19:
      var nested = ValueSketch.int(1)
      for _ in 0..<Int.random(in: 1...60, using: &random) { nested = .list([nested]) }
      return nested
    case 20:
      return .dictionary([
        (.int(int(using: &random)), .int(1)), (.string("a"), .float(real(using: &random))),
      ])
    default: return .tensor(tensor(using: &random))
    }
  }

  /// Returns a small tensor of arbitrary type and shape, seldom with strides of its own.
  static func tensor(using random: inout SplitMix64) -> TensorSketch {
    let rank = Int.random(in: 0...4, using: &random)
    let shape = (0..<rank).map { _ in Int.random(in: 0...4, using: &random) }
    var tensor = TensorSketch(
      shape: shape,
      values: (0..<(TensorSketch.count(shape) ?? 0)).map { _ in
        Float(real(using: &random))
      })
    if Int.random(in: 0..<4, using: &random) == 0 {
      let types = ElementType.allCases
      tensor.elementType = types[Int.random(in: 0..<types.count, using: &random)]
    }
    return tensor
  }

  /// Returns a value near another one: of the same type, but changed.
  static func variation(of value: ValueSketch, using random: inout SplitMix64) -> ValueSketch {
    switch value {
    case .int(let number):
      switch Int.random(in: 0..<6, using: &random) {
      case 0: return .int(number &+ 1)
      case 1: return .int(number &- 1)
      case 2: return .int(number &* 2)
      case 3: return .int(0 &- number)
      case 4: return .float(Double(number))
      default: return .int(int(using: &random))
      }
    case .float(let number):
      return .float(Bool.random(using: &random) ? -number : real(using: &random))
    case .bool(let truth): return .bool(!truth)
    case .list(var values), .tuple(var values):
      guard !values.isEmpty else { return .list([.int(int(using: &random))]) }
      let index = Int.random(in: values.indices, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: values.remove(at: index)
      case 1: values.append(values[index])
      case 2: values.swapAt(0, index)
      default: values[index] = variation(of: values[index], using: &random)
      }
      return .list(values)
    case .string, .none, .dictionary, .tensor, .object: return self.value(using: &random)
    }
  }
}
