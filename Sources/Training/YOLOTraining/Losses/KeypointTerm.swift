import YOLOSystem
import YOLOTrainingData

/// The terms of an assigned anchor's keypoints: 1 less the similarity of each labeled one with the
/// target's, and the cross-entropy of the visibility logits.
struct KeypointTerm {
  let description: LossDescription
  /// The factor of the coordinates' gradient.
  let poseScale: Float
  /// The factor of the visibilities' gradient.
  let visibilityScale: Float
  let inputWidth: Float
  let inputHeight: Float
  private let sigmas: [Float]

  init(
    _ description: LossDescription, poseScale: Float, visibilityScale: Float, inputWidth: Float,
    inputHeight: Float
  ) {
    self.description = description
    self.poseScale = poseScale
    self.visibilityScale = visibilityScale
    self.inputWidth = inputWidth
    self.inputHeight = inputHeight
    sigmas = description.sigmas
  }

  /// What an anchor adds to the sums of the terms.
  struct Values {
    var pose = 0.0
    var visibility = 0.0
  }

  /// Returns a predicted keypoint in cells.
  @inline(__always)
  func position(_ output: UnsafePointer<Float>, center: SIMD2<Float>) -> SIMD2<Float> {
    description.isYOLO26
      ? SIMD2(output[0], output[1]) + center : SIMD2(output[0], output[1]) * 2 + (center - 0.5)
  }

  /// Assigns the gradients of an anchor's keypoint outputs, and returns what it adds to the sums.
  ///
  /// `keypoints` are those of the target, as fractions of the input; `box` is the target's center and
  /// size in pixels.
  func add(
    _ outputs: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    keypoints: UnsafePointer<SIMD3<Float>>, box: SIMD4<Float>, center: SIMD2<Float>,
    stride: Float
  ) -> Values {
    let count = description.keypointCount
    let size = description.hasVisibility ? 3 : 2
    let factor: Float = description.isYOLO26 ? 1 : 2
    let area = box[2] / stride * (box[3] / stride) + 1e-9
    var labeled = 0
    var index = 0
    while index < count {
      if keypoints[index].z != 0 { labeled &+= 1 }
      index &+= 1
    }
    let weight = Float(count) / (Float(labeled) + 1e-9)
    var values = Values()
    index = 0
    while index < count {
      let output = outputs + index &* size
      let gradient = gradients + index &* size
      let keypoint = keypoints[index]
      let isLabeled = keypoint.z != 0
      if isLabeled {
        let target = SIMD2(keypoint.x * inputWidth, keypoint.y * inputHeight) / stride
        let offset = position(output, center: center) - target
        let distance = offset.x * offset.x + offset.y * offset.y
        let deviation = 2 * sigmas[index]
        let divisor = 2 * deviation * deviation * area
        let similarity = expf(-distance / divisor)
        values.pose += Double(weight * (1 - similarity))
        let slope = offset * (2 * factor * poseScale * weight * similarity / divisor)
        gradient[0] = slope.x
        gradient[1] = slope.y
      }
      if description.hasVisibility {
        let logit = output[2]
        values.visibility += Double(softplus(isLabeled ? -logit : logit))
        gradient[2] = (sigmoid(logit) - (isLabeled ? 1 : 0)) * visibilityScale
      }
      index &+= 1
    }
    return values
  }
}
