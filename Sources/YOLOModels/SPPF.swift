import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Fast spatial pyramid pooling: one pooling applied several times, all results joined.
struct SPPF: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let window: Window
  private let n: Int
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try Conv(record.child("cv1", of: "Conv"))
    cv2 = try Conv(record.child("cv2", of: "Conv"))
    let m = try record.child("m", of: "MaxPool2d")
    window = try m.window()
    guard window.dilationHeight == 1, window.dilationWidth == 1,
      try !m.bool("ceil_mode", default: false)
    else {
      throw ModelError.unsupported(
        path: m.path, setting: "dilation or ceil_mode", found: "set", supported: "neither")
    }
    // As PyTorch demands: else a window could lie in the padding alone and have no maximum.
    guard 2 * window.paddingHeight <= window.kernelHeight,
      2 * window.paddingWidth <= window.kernelWidth
    else {
      throw ModelError.unsupported(
        path: m.path, setting: "padding",
        found: "\(window.paddingHeight), \(window.paddingWidth)",
        supported: "at most half of the kernel")
    }
    // Files from before these attributes existed pool three times and do not add.
    n = record.hasAttribute("n") ? try record.count("n", in: 1...16) : 3
    add = try record.bool("add", default: false)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var levels = [try cv1(x)]
    for _ in 0..<n {
      levels.append(levels[levels.count - 1].maximumPooled(by: window, at: path + ".m"))
    }
    let y = try cv2(concat(levels, at: path))
    return try (add ? y.adding(x, at: path) : y).named(path)
  }
}
