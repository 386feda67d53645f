import YOLOGraph
import YOLOKernels
import YOLOWeights

/// The maximum over a window.
struct MaxPool2d: UnaryBlock {
  let path: String
  private let window: Window

  init(_ record: ModuleRecord) throws {
    path = record.path
    window = try record.poolingWindow()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    x.maximumPooled(by: window, at: path).named(path)
  }
}

extension ModuleRecord {
  /// Returns the window of a pooling.
  fileprivate func poolingWindow() throws -> Window {
    let window = try window()
    // With stride 1 rounding up is rounding down.
    let roundsUp =
      try bool("ceil_mode", default: false)
      && (window.strideHeight > 1 || window.strideWidth > 1)
    guard window.dilationHeight == 1, window.dilationWidth == 1, !roundsUp else {
      throw ModelError.unsupported(
        path: path, setting: "dilation or ceil_mode", found: "set", supported: "neither")
    }
    // As PyTorch demands: else a window could lie in the padding alone and have no maximum.
    guard 2 * window.paddingHeight <= window.kernelHeight,
      2 * window.paddingWidth <= window.kernelWidth
    else {
      throw ModelError.unsupported(
        path: path, setting: "padding", found: "\(window.paddingHeight), \(window.paddingWidth)",
        supported: "at most half of the kernel")
    }
    return window
  }
}

/// The mean over a window; the zeros of the padding count.
struct AvgPool2d: UnaryBlock {
  let path: String
  private let window: Window

  init(_ record: ModuleRecord) throws {
    path = record.path
    window = try record.poolingWindow()
    let countsPadding = try record.bool("count_include_pad", default: true)
    guard countsPadding || window.border == 0, !record.hasAttribute("divisor_override") else {
      throw ModelError.unsupported(
        path: path, setting: "count_include_pad or divisor_override", found: "set",
        supported: "neither")
    }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    x.averagePooled(by: window, at: path).named(path)
  }
}

/// The mean over all pixels.
struct AdaptiveAvgPool2d: UnaryBlock {
  let path: String

  init(_ record: ModuleRecord) throws {
    path = record.path
    let size = try record.counts("output_size", in: 0...1 << 16)
    guard size.allSatisfy({ $0 == 1 }) else {
      throw ModelError.unsupported(
        path: path, setting: "output_size", found: ModelError.excerpt(size), supported: "1")
    }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    x.globallyAveraged(at: path).named(path)
  }
}

/// Spatial pyramid pooling (He et al., 2015): poolings of several sizes side by side, joined.
struct SPP: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: [MaxPool2d]

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try record.child("m", of: "ModuleList").children.map { try MaxPool2d($0) }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try cv1(x)
    return try cv2(concat([y] + m.map { try $0(y) }, at: path)).named(path)
  }
}

/// Fast spatial pyramid pooling: one pooling applied several times, all results joined.
struct SPPF: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: MaxPool2d
  private let n: Int
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try MaxPool2d(record.child("m", of: "MaxPool2d"))
    // Files from before these attributes existed pool three times and do not add.
    n = record.hasAttribute("n") ? try record.count("n", in: 1...16) : 3
    add = try record.bool("add", default: false)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var levels = [try cv1(x)]
    for _ in 0..<n { levels.append(try m(levels[levels.count - 1])) }
    let y = try cv2(concat(levels, at: path))
    return try (add ? y.adding(x, at: path) : y).named(path)
  }
}

/// Spatial pyramid pooling with layer aggregation (Wang et al., "YOLOv9", 2024): poolings in a
/// chain, all results joined.
struct SPPELAN: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let pools: [any UnaryBlock]
  private let cv5: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    pools = try ["cv2", "cv3", "cv4"].map { name in
      // The original has each inside of a module.
      let pool = try record.child(name)
      return pool.className == "SP"
        ? try PoolingHolder(pool) : try MaxPool2d(record.child(name, of: "MaxPool2d"))
    }
    cv5 = try record.conv("cv5")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var levels = [try cv1(x)]
    for pool in pools { levels.append(try pool(levels[levels.count - 1])) }
    return try cv5(concat(levels, at: path)).named(path)
  }
}
