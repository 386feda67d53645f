import YOLOGraph
import YOLOKernels
import YOLOWeights

/// A pooling inside of a module of its own: YOLOv7's MP and SP, YOLOv9's SP.
struct PoolingHolder: UnaryBlock {
  let path: String
  private let m: MaxPool2d

  init(_ record: ModuleRecord) throws {
    path = record.path
    m = try MaxPool2d(record.child("m", of: "MaxPool2d"))
  }

  func callAsFunction(_ x: Value) throws -> Value { try m(x).named(path) }
}

/// Spatial pyramid pooling inside of a cross-stage partial block (Wang et al., "YOLOv7", 2022).
struct SPPCSPC: UnaryBlock {
  let path: String
  private let before: [Conv]
  private let after: [Conv]
  private let cv2: Conv
  private let cv7: Conv
  private let m: [MaxPool2d]

  init(_ record: ModuleRecord) throws {
    path = record.path
    before = try ["cv1", "cv3", "cv4"].map { try record.conv($0) }
    after = try ["cv5", "cv6"].map { try record.conv($0) }
    cv2 = try record.conv("cv2")
    cv7 = try record.conv("cv7")
    m = try record.child("m", of: "ModuleList").children.map { try MaxPool2d($0) }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try before.reduce(x) { try $1($0) }
    let pooled = try after.reduce(concat([y] + m.map { try $0(y) }, at: path)) { try $1($0) }
    return try cv7(concat([pooled, cv2(x)], at: path)).named(path)
  }
}

/// Downsampling on two ways: strided convolutions, and a pooling with a convolution (YOLOv7-D6).
struct DownC: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let cv3: Conv
  private let mp: MaxPool2d

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    cv3 = try record.conv("cv3")
    mp = try MaxPool2d(record.child("mp", of: "MaxPool2d"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try concat([cv2(cv1(x)), cv3(mp(x))], at: path).named(path)
  }
}

/// The sum of two layers (YOLOv7-E6E).
struct Shortcut: Block {
  let path: String

  init(_ record: ModuleRecord) throws { path = record.path }

  func callAsFunction(_ inputs: [Value]) throws -> Value {
    guard inputs.count == 2 else {
      throw ModelError.inputCount(at: path, expected: 2, found: inputs.count)
    }
    return try inputs[0].adding(inputs[1], at: path).named(path)
  }
}

/// Each square of four pixels as channels: upper left, lower left, upper right, lower right
/// (YOLOv7-W6).
struct ReOrg: UnaryBlock {
  let path: String

  init(_ record: ModuleRecord) throws { path = record.path }

  func callAsFunction(_ x: Value) throws -> Value {
    try ModelError.checkCopying(x.channels, 4 * x.channels, taps: 4, at: path)
    // Taps go row by row, the corners column by column.
    let sources = [0, 2, 1, 3].flatMap { tap in
      (0..<x.channels).map { (channel: $0, tap: tap) }
    }
    return try x.convolved(by: .copying(sources, of: x.channels, side: 2, at: path), at: path)
      .named(path)
  }
}
