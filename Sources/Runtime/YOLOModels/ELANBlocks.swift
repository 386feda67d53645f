import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Generalized efficient layer aggregation (Wang et al., "YOLOv9", 2024): one half of the channels
/// passes through two stages, and every stage's output is joined.
///
/// ELAN1 has plain convolutions as stages.
struct RepNCSPELAN4: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: any Block
  private let cv3: any Block
  private let cv4: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try BlockTable.block(record.child("cv2"))
    cv3 = try BlockTable.block(record.child("cv3"))
    cv4 = try record.conv("cv4")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var parts = try cv1(x).split(2, at: path)
    parts.append(try cv2([parts[1]]))
    parts.append(try cv3([parts[2]]))
    return try cv4(concat(parts, at: path)).named(path)
  }
}

/// Downsampling by an average of neighbors and a strided convolution (Wang et al., "YOLOv9", 2024).
struct AConv: UnaryBlock {
  /// The average that comes first, here and in `ADown`; it is not in the records.
  static let average = Window(kernel: 2)

  let path: String
  private let cv1: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try cv1(x.averagePooled(by: Self.average, at: path)).named(path)
  }
}

/// Downsampling on two ways (Wang et al., "YOLOv9", 2024): after an average of neighbors, half of
/// the channels is convolved with a stride, the other half pooled and convolved.
struct ADown: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  /// The pooling of the second half; it is not in the records.
  private static let maximum = Window(kernel: 3, stride: 2, padding: 1)

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let parts = try x.averagePooled(by: AConv.average, at: path).split(2, at: path)
    let pooled = parts[1].maximumPooled(by: Self.maximum, at: path)
    return try concat([try cv1(parts[0]), try cv2(pooled)], at: path).named(path)
  }
}

/// A convolution whose output is cut into runs of channels for the `CBFuse` layers that read them
/// (Wang et al., "YOLOv9", 2024).
struct CBLinear: UnaryBlock {
  let path: String
  private let conv: Conv2d
  private let lengths: [Int]

  init(_ record: ModuleRecord) throws {
    path = record.path
    conv = try Conv2d(record.child("conv", of: "Conv2d"))
    lengths = try record.counts("c2s", in: 1...1 << 16)
  }

  func callAsFunction(_ x: Value) throws -> Value { try conv(x).named(path) }

  func layer(_ inputs: [[Value]]) throws -> [Value] {
    try self(inputs.flatMap { $0 }).split(lengths, at: path)
  }
}

/// The sum of its last input and one run of channels of each `CBLinear` before it, resized to the
/// last input's size (Wang et al., "YOLOv9", 2024).
struct CBFuse: Block {
  let path: String
  private let choices: [Int]

  init(_ record: ModuleRecord) throws {
    path = record.path
    choices = try record.counts("idx", in: 0...1 << 16)
  }

  func callAsFunction(_ inputs: [Value]) throws -> Value {
    guard let last = inputs.last else {
      throw ModelError.inputCount(at: path, expected: choices.count + 1, found: 0)
    }
    let resized = inputs.dropLast().map { $0.resized(like: last, at: path) }
    return try (resized + [last]).dropFirst().reduce(resized.first ?? last) {
      try $0.adding($1, at: path)
    }
    .named(path)
  }

  func layer(_ inputs: [[Value]]) throws -> [Value] {
    guard inputs.count == choices.count + 1, let last = inputs.last, last.count == 1 else {
      throw ModelError.inputCount(at: path, expected: choices.count + 1, found: inputs.count)
    }
    let chosen = try zip(inputs, choices).map { values, choice in
      guard values.indices.contains(choice) else {
        throw ModelError.unsupported(
          path: path, setting: "idx", found: "\(choice)",
          supported: "0 to \(values.count - 1), the runs of that input")
      }
      return values[choice]
    }
    return [try self(chosen + last)]
  }
}
