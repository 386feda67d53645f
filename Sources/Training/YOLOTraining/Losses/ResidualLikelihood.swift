import YOLOGraph
import YOLOSystem
import YOLOTrainingData

/// The term of YOLO26's keypoints that judges how likely the residuals are (Li and others, "Human Pose
/// Regression with Residual Log-likelihood Estimation", arXiv:2107.11291): the predicted deviations
/// scale the residuals, a flow has their density.
///
/// It reads the flow's parameters from a store and adds their gradients there.
final class ResidualLikelihood {
  /// A labeled keypoint of an assigned anchor.
  fileprivate struct Point {
    /// The offset from the target in cells.
    let offset: SIMD2<Float>
    let deviation: SIMD2<Float>
    let weight: Float
    /// Where the gradients by the coordinates' and the deviations' outputs go to.
    let gradient: UnsafeMutablePointer<Float>
    let deviationGradient: UnsafeMutablePointer<Float>

    /// The residual, before it is limited.
    var residual: SIMD2<Float> { offset / (deviation + 1e-9) }
  }

  private static let limit: Float = 100
  /// The number of parts whose gradients of parameters are summed apart, so that sums do not depend
  /// on the threads.
  private static let partLimit = 8

  private let description: LossDescription
  private let store: ParameterStore
  private let entries: [ParameterStore.Entry]
  private let weights: [Float]
  private let flow = CouplingFlow()
  private let workers: Workers
  private var points = ContiguousArray<Point>()
  private let values = Scratch<Float>()
  private let gradients = Scratch<Float>()
  private let coordinates = Scratch<Float>()
  private let slopes = Scratch<Float>()
  private let logarithms = Scratch<Float>()
  private let work: [Scratch<Float>]

  /// Finds the parameters in the store.
  ///
  /// - Throws: `LossError.invalidParameter` for one that is not there in its shape.
  init(
    _ description: LossDescription, store: ParameterStore, prefix: String, workers: Workers
  ) throws(LossError) {
    self.description = description
    self.store = store
    self.workers = workers
    var entries = [ParameterStore.Entry]()
    for parameter in CouplingFlow.parameters(prefix: prefix) {
      guard let entry = store[key: parameter.key], entry.shape == parameter.shape else {
        throw .invalidParameter(
          key: parameter.key, expected: parameter.shape, found: store[key: parameter.key]?.shape)
      }
      entries.append(entry)
    }
    self.entries = entries
    weights = (0..<description.keypointCount).map { index in
      guard description.isPerson else { return 1 }
      // Elbows and knees; wrists and ankles.
      return [7, 8, 13, 14].contains(index) ? 1.2 : [9, 10, 15, 16].contains(index) ? 1.5 : 1
    }
    work = (0..<workers.count).map { _ in Scratch() }
  }

  /// Returns the term with its gain, and adds its gradients to the outputs of the assigned anchors and
  /// to the store.
  func add(
    _ assignments: ArraySlice<ImageAssignment>, _ targets: [TrainingTargets],
    _ context: LossContext
  ) -> Double {
    gather(assignments, targets, context)
    let count = points.count
    guard count > 0 else { return 0 }
    let block = CouplingNet.block
    let blocks = (count + block - 1) / block
    // Of each block the first coordinates, then the second ones.
    let coordinates = self.coordinates.reserve(2 * blocks * block)
    coordinates.update(repeating: 0, count: 2 * blocks * block)
    let slopes = self.slopes.reserve(blocks * block)
    slopes.update(repeating: 0, count: blocks * block)
    let logarithms = self.logarithms.reserve(blocks * block)
    let factor = description.gains.likelihood * context.scale / Float(count)
    for (index, point) in points.enumerated() {
      let limited = point.residual.clamped(
        lowerBound: SIMD2(repeating: -Self.limit), upperBound: SIMD2(repeating: Self.limit))
      let first = index / block * 2 * block + index % block
      coordinates[first] = limited.x
      coordinates[first + block] = limited.y
      slopes[index] = -2 * point.weight * factor
    }
    let parts = min(Self.partLimit, blocks)
    readParameters()
    let size = flow.parameterCount
    gradients.reserve(parts * size).update(repeating: 0, count: parts * size)
    workers.perform(parts) { part, worker in
      let work = self.work[worker].reserve(CouplingFlow.workCount)
      for index in blocks * part / parts..<blocks * (part + 1) / parts {
        flow.evaluate(
          values.base, gradients.base + part * size,
          points: (
            coordinates + 2 * index * block, coordinates + (2 * index + 1) * block
          ), slope: slopes + index * block, logarithms: logarithms + index * block, work: work)
      }
    }
    var sum = 0.0
    for (index, point) in points.enumerated() {
      sum += point.loss(logarithm: logarithms[index])
    }
    // Below zero the term is zero, and so are its gradients.
    guard !(sum < 0) else { return 0 }
    for part in 0..<parts { addParameterGradients(gradients.base + part * size) }
    for (index, point) in points.enumerated() {
      let first = index / block * 2 * block + index % block
      point.scatter(
        SIMD2(coordinates[first], coordinates[first + block]), factor: factor * point.weight)
    }
    return sum / Double(count) * Double(description.gains.likelihood)
  }

  private func gather(
    _ assignments: ArraySlice<ImageAssignment>, _ targets: [TrainingTargets],
    _ context: LossContext
  ) {
    points.removeAll(keepingCapacity: true)
    let count = description.keypointCount
    let size = description.hasVisibility ? 3 : 2
    let term = context.keypointTerm
    for (image, assignment) in assignments.enumerated() {
      for positive in assignment.positives {
        let instance = assignment.instances[positive.instance]
        let cell = context.grid.cell(positive.anchor)
        let level = context.outputs.levels[cell.level]
        guard let extra = level.extra, let deviations = level.deviations else { continue }
        let stride = context.grid.levels[cell.level].stride
        let position = extra.position(image: image, cell)
        let deviationPosition = deviations.position(image: image, cell)
        for index in 0..<count {
          let keypoint = targets[image].keypoints[instance.source * count + index]
          guard keypoint.z != 0 else { continue }
          let target =
            SIMD2(keypoint.x * term.inputWidth, keypoint.y * term.inputHeight) / stride
          let logits = deviations.values + deviationPosition + 2 * index
          let tiny = Float.leastNormalMagnitude
          let point = Point(
            offset: term.position(extra.values + position + size * index, center: cell.center)
              - target,
            deviation: SIMD2(max(sigmoid(logits[0]), tiny), max(sigmoid(logits[1]), tiny)),
            weight: weights[index], gradient: extra.gradients + position + size * index,
            deviationGradient: deviations.gradients + deviationPosition + 2 * index)
          let residual = point.residual
          guard residual.x.isFinite, residual.y.isFinite else { continue }
          points.append(point)
        }
      }
    }
  }

  private func readParameters() {
    let values = self.values.reserve(flow.parameterCount)
    var offset = 0
    for entry in entries {
      (values + offset).update(from: store.values + entry.offset, count: entry.count)
      offset += entry.count
    }
  }

  private func addParameterGradients(_ source: UnsafePointer<Float>) {
    var offset = 0
    for entry in entries {
      let target = store.gradients + entry.offset
      let count = entry.count
      var index = 0
      while index < count {
        target[index] += source[offset &+ index]
        index &+= 1
      }
      offset += count
    }
  }
}

extension ResidualLikelihood.Point {
  /// The negative logarithm of the likelihood, both axes together, with the keypoint's weight.
  fileprivate func loss(logarithm: Float) -> Double {
    let limited = residual.clamped(
      lowerBound: SIMD2(repeating: -100), upperBound: SIMD2(repeating: 100))
    var sum = 0.0
    for axis in 0..<2 {
      sum += Double(
        logf(deviation[axis]) - logarithm + logf(2 * deviation[axis]) + abs(limited[axis]))
    }
    return sum * Double(weight)
  }

  /// Adds the gradients by the outputs.
  ///
  /// - Parameters:
  ///   - slope: The gradient by the limited residuals through the flow.
  ///   - factor: The factor of the other terms' gradients.
  fileprivate func scatter(_ slope: SIMD2<Float>, factor: Float) {
    for axis in 0..<2 {
      let e = residual[axis]
      let s = deviation[axis]
      let sign: Float = e > 0 ? 1 : e < 0 ? -1 : 0
      let byResidual = abs(e) <= 100 ? slope[axis] + sign * factor : 0
      gradient[axis] += byResidual / (s + 1e-9)
      let byDeviation = 2 * factor / s - byResidual * e / (s + 1e-9)
      deviationGradient[axis] += byDeviation * s * (1 - s)
    }
  }
}
