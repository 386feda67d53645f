import YOLOGraph
import YOLOKernels
import YOLOWeights

/// The maximum over a window.
struct MaxPool2d: UnaryBlock {
  let path: String
  private let window: Window

  init(_ record: ModuleRecord) throws {
    path = record.path
    window = try record.window()
    guard window.dilationHeight == 1, window.dilationWidth == 1,
      try !record.bool("ceil_mode", default: false)
    else {
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
  }

  func callAsFunction(_ x: Value) throws -> Value {
    x.maximumPooled(by: window, at: path).named(path)
  }
}
