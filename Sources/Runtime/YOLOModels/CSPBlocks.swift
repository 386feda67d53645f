import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Two convolutions, and the input added where the record says so (He et al., 2015).
///
/// RepBottleneck's first convolution is a `RepConv`.
struct Bottleneck: UnaryBlock {
  let path: String
  private let cv1: any Block
  private let cv2: any Block
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try BlockTable.block(record.child("cv1"))
    cv2 = try BlockTable.block(record.child("cv2"))
    add = try record.bool("add")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv2([cv1([x])])
    return try (add ? y.adding(x, at: path) : y).named(path)
  }
}

/// A convolution, and what further ones add to it.
struct C1: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let m: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    m = try Sequential(record.child("m", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv1(x)
    return try m(y).adding(y, at: path).named(path)
  }
}

/// A cross-stage partial block with two convolutions: half of the channels pass through the
/// bottlenecks, the other half goes round them.
struct C2: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try Sequential(record.child("m", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let parts = try cv1(x).split(2, at: path)
    return try cv2(concat([try m(parts[0]), parts[1]], at: path)).named(path)
  }
}

/// The faster cross-stage partial block: every bottleneck's output is kept and joined.
struct C2f: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: [any Block]

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try record.child("m", of: "ModuleList").children.map { try BlockTable.block($0) }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var parts = try cv1(x).split(2, at: path)
    for block in m { parts.append(try block([parts[parts.count - 1]])) }
    return try cv2(concat(parts, at: path)).named(path)
  }
}

/// A cross-stage partial block with three convolutions (Wang et al., "CSPNet", 2020): one half of
/// the channels passes through the inner blocks, the other goes round them.
///
/// What the inner blocks are makes the variants: C3k, C3x, C3Ghost, RepCSP, and C3TR with a
/// transformer.
struct C3: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let cv3: Conv
  private let m: any UnaryBlock

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    cv3 = try record.conv("cv3")
    m =
      record.className == "C3TR"
      ? try TransformerBlock(record.child("m", of: "TransformerBlock"))
      : try Sequential(record.child("m", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try cv3(concat([try m(cv1(x)), try cv2(x)], at: path)).named(path)
  }
}

/// The cross-stage partial block of the first paper (Wang et al., "CSPNet", 2020): the joined
/// halves are normalized before the last convolution.
struct BottleneckCSP: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv2d
  private let cv3: Conv2d
  private let cv4: Conv
  private let bn: BatchNormalization
  private let act: Activation
  private let m: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try Conv2d(record.child("cv2", of: "Conv2d"))
    cv3 = try Conv2d(record.child("cv3", of: "Conv2d"))
    cv4 = try record.conv("cv4")
    bn = try record.child("bn", of: "BatchNorm2d")
      .normalization(channels: cv2.outputChannels + cv3.outputChannels)
    act = try record.child("act").activation()
    m = try Sequential(record.child("m", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let joined = try concat([cv3(m(cv1(x))), cv2(x)], at: path)
      .normalized(by: bn, at: path + ".bn").named(path + ".bn")
      .activated(by: act, at: path + ".act").named(path + ".act")
    return try cv4(joined).named(path)
  }
}

/// Two halves, one of which passes through merged convolutions, added instead of joined.
struct RepC3: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let cv3: any Block
  private let m: Sequential

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    cv3 = try BlockTable.block(record.child("cv3"))
    m = try Sequential(record.child("m", of: "Sequential"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try cv3([m(cv1(x)).adding(cv2(x), at: path)]).named(path)
  }
}

/// The compact inverted block: depthwise and pointwise convolutions in turn, and the input added
/// where the record says so (Wang et al., "YOLOv10", 2024).
struct CIB: UnaryBlock {
  let path: String
  private let cv1: Sequential
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try Sequential(record.child("cv1", of: "Sequential"))
    add = try record.bool("add")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv1(x)
    return try (add ? y.adding(x, at: path) : y).named(path)
  }
}
