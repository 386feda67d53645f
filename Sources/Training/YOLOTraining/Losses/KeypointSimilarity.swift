import YOLOSystem

/// The similarity of predicted keypoints with those of a target (COCO's object keypoint similarity):
/// the mean of e^(-d² / (2 (2σ)² · 0.53 · area)) over the labeled ones, d in pixels.
struct KeypointSimilarity {
  private let keypoints: [SIMD3<Float>]
  private let first: Int
  private let sigmas: [Float]
  private let area: Float
  private let width: Float
  private let height: Float
  private let labeledCount: Int

  /// Whether the target has labeled keypoints.
  var isLabeled: Bool { labeledCount > 0 }

  /// - Parameters:
  ///   - keypoints: Those of all targets of an image, as fractions of the network's input.
  ///   - first: The index of the first one of the target; it has as many as there are sigmas.
  ///   - sigmas: The deviation of each keypoint.
  ///   - box: The target's center and size in pixels.
  ///   - grid: The anchors, for the size of the input.
  init(
    _ keypoints: [SIMD3<Float>], first: Int, sigmas: [Float], box: SIMD4<Float>, grid: AnchorGrid
  ) {
    self.keypoints = keypoints
    self.first = first
    self.sigmas = sigmas
    area = box[2] * box[3] * 0.53
    width = grid.inputWidth
    height = grid.inputHeight
    var count = 0
    for index in 0..<sigmas.count where keypoints[first + index].z > 0 { count += 1 }
    labeledCount = count
  }

  /// Returns the similarity of an anchor's predictions.
  ///
  /// - Parameters:
  ///   - outputs: The outputs of the anchor: x and y of each keypoint in cells from the anchor.
  ///   - channelsPerKeypoint: The distance between keypoints.
  ///   - center: The anchor in cells.
  ///   - stride: The size of a cell in pixels.
  /// - Returns: A number in 0...1.
  func value(
    _ outputs: UnsafePointer<Float>, channelsPerKeypoint: Int, center: SIMD2<Float>, stride: Float
  ) -> Float {
    var total: Float = 0
    keypoints.withUnsafeBufferPointer { keypoints in
      sigmas.withUnsafeBufferPointer { sigmas in
        var index = 0
        while index < sigmas.count {
          // Eight keypoints at a time; lanes without a labeled one have an exponent of -87.
          var exponents = LossLanes(repeating: -87)
          let count = min(8, sigmas.count &- index)
          var lane = 0
          while lane < count {
            let keypoint = keypoints[first &+ index &+ lane]
            if keypoint.z > 0 {
              let output = outputs + (index &+ lane) &* channelsPerKeypoint
              let dx = (output[0] + center.x) * stride - keypoint.x * width
              let dy = (output[1] + center.y) * stride - keypoint.y * height
              let deviation = 2 * sigmas[index &+ lane]
              exponents[lane] =
                -(dx * dx + dy * dy) / (deviation * deviation * (area + 1e-9) * 2)
            }
            lane &+= 1
          }
          total += exponential(exponents).sum()
          index &+= 8
        }
      }
    }
    return total / Float(labeledCount)
  }
}
