import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Residual efficient layer aggregation with area attention (Tian et al., "YOLOv12", 2025): every
/// stage's output is kept and joined, and the result, scaled by `gamma` where there is one, is added
/// to the input.
struct A2C2f: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: [any Block]
  /// The scale of each channel, as a convolution.
  private let gamma: Convolution?

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try record.child("m", of: "ModuleList").children.map { try BlockTable.block($0) }
    guard record.hasTensor("gamma") else {
      gamma = nil
      return
    }
    let channels = cv2.outputChannels
    let scale = try record.parameter("gamma", shape: [channels])
    gamma = Convolution(
      weight: scale.reshaped([channels, 1, 1, 1]), bias: nil, window: Window(kernel: 1),
      groups: channels)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var parts = [try cv1(x)]
    for block in m { parts.append(try block([parts[parts.count - 1]])) }
    let y = try cv2(concat(parts, at: path))
    guard let gamma else { return y.named(path) }
    return try y.convolved(by: gamma, at: path + ".gamma").adding(x, at: path).named(path)
  }
}
