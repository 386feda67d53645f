import YOLOGraph
import YOLOKernels
import YOLOWeights

/// A convolution, and a cheap depthwise one of its output, joined (Han et al., "GhostNet", 2020).
struct GhostConv: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv1(x)
    return try concat([y, cv2(y)], at: path).named(path)
  }
}

/// Two ghost convolutions, the shortcut added (Han et al., "GhostNet", 2020).
struct GhostBottleneck: UnaryBlock {
  let path: String
  private let conv: Sequential
  private let shortcut: any Block

  init(_ record: ModuleRecord) throws {
    path = record.path
    conv = try Sequential(record.child("conv", of: "Sequential"))
    shortcut = try BlockTable.block(record.child("shortcut"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try conv(x).adding(shortcut([x]), at: path).named(path)
  }
}

/// A stage of residual blocks; the first is a convolution and a pooling.
struct ResNetLayer: UnaryBlock {
  let path: String
  private let layer: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    layer = try Sequential(record.child("layer", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value { try layer(x).named(path) }
}

/// A residual bottleneck of three convolutions (He et al., "Deep residual learning", 2015).
struct ResNetBlock: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let cv3: Conv
  private let shortcut: any Block

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    cv3 = try record.conv("cv3")
    shortcut = try BlockTable.block(record.child("shortcut"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    // The function after the sum is not in the records.
    try cv3(cv2(cv1(x))).adding(shortcut([x]), at: path).activated(by: .relu, at: path)
      .named(path)
  }
}
