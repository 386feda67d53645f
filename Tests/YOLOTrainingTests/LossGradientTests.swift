import Testing
import YOLOGeometry
import YOLOGraph
import YOLOSystem
import YOLOTestSupport
import YOLOTraining
import YOLOTrainingData

/// Every term alone: its gradient against quotients of differences, with the assignment kept.
@Suite("Gradients of losses by numeric differentiation")
struct LossGradientTests {
  enum Term: String, CaseIterable, CustomTestStringConvertible {
    case classes, weightedClasses, distributions, values, masks, masksApart, resizedMasks
    case semantic, pose, centeredPose, visibility, likelihood, orientedBox, rawOrientedBox, angle
    case rawAngle, dual

    var testDescription: String { rawValue }

    /// The case of the fixtures that has the term.
    var name: String {
      switch self {
      case .classes: "detect"
      case .weightedClasses: "detect_weights"
      case .distributions: "detect"
      case .values, .dual: "detect_dual26"
      case .masks: "segment"
      case .masksApart: "segment_apart"
      case .resizedMasks: "segment_ratio"
      case .semantic: "segment26"
      case .pose, .visibility: "pose"
      case .centeredPose, .likelihood: "pose26_four"
      case .orientedBox, .angle: "obb"
      case .rawOrientedBox, .rawAngle: "obb26"
      }
    }

    /// The gains of this term alone.
    var gains: LossGains {
      var gains = LossGains()
      (gains.box, gains.classes, gains.distances) = (0, 0, 0)
      (gains.pose, gains.visibility, gains.likelihood, gains.angle) = (0, 0, 0, 0)
      switch self {
      case .classes, .weightedClasses: gains.classes = 0.5
      case .distributions, .values: gains.distances = 1.5
      case .dual: (gains.distances, gains.classes) = (1.5, 0.5)
      case .masks, .masksApart, .resizedMasks, .semantic, .orientedBox, .rawOrientedBox:
        gains.box = 7.5
      case .pose, .centeredPose: gains.pose = 12
      case .visibility: gains.visibility = 1
      case .likelihood: gains.likelihood = 1
      case .angle, .rawAngle: gains.angle = 1
      }
      return gains
    }

    /// Whether the gradients by box logits are not those of the sum: the overlap of upright boxes
    /// has a weight that counts as a constant.
    var hasUprightBoxes: Bool { name.hasPrefix("segment") }
  }

  @Test("Terms", arguments: Term.allCases)
  func term(_ term: Term) throws {
    var expected = try LossCase(term.name)
    expected.description.gains = term.gains
    let (loss, store) = try LossFixtureTests.loss(expected, threads: 1)
    func total() throws -> Double {
      store?.clearGradients()
      _ = try loss.evaluate(
        expected.lossOutputs, targets: expected.targets,
        oneToManyWeight: expected.oneToManyWeight)
      return loss.total
    }
    _ = try total()
    loss.keepsAssignment = true
    _ = try total()
    var checked = 0
    for memory in expected.outputs {
      for level in memory.maps {
        for (kind, map) in level.enumerated() where map.channels > 0 {
          if kind == 0, term.hasUprightBoxes { continue }
          checked += try Self.check(map.values, map.gradients, map.count, "kind \(kind)", total)
        }
      }
    }
    for map in [expected.outputs[0].prototypes, expected.outputs[0].semantic].compactMap({ $0 }) {
      checked += try Self.check(map.values, map.gradients, map.count, "shared", total)
    }
    for entry in store?.entries ?? [] {
      guard let store else { continue }
      checked += try Self.check(
        store.values + entry.offset, store.gradients + entry.offset, entry.count, entry.key,
        total)
    }
    #expect(checked > 0, "no gradient but zero")
  }

  /// Compares the steepest gradients of a run of values; returns how many were not zero.
  private static func check(
    _ values: UnsafeMutablePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ count: Int,
    _ label: String, _ total: () throws -> Double
  ) throws -> Int {
    let found = (0..<count).map { gradients[$0] }
    let order = found.indices.sorted { abs(found[$0]) > abs(found[$1]) }
    let steepest = order.prefix(6).filter { found[$0] != 0 }
    let spread = order.enumerated().filter { $0.offset % max(count / 5, 1) == 0 }.map(\.element)
    for index in Set(steepest + spread) {
      let value = values[index]
      // The values are float32: smaller steps drown in their rounding.
      let step: Float = 4e-3
      values[index] = value + step
      let (above, upper) = (try total(), values[index])
      values[index] = value - step
      let (below, lower) = (try total(), values[index])
      values[index] = value
      let slope = Float((above - below) / Double(upper - lower))
      // Third derivatives times the step's square, and float32 noise, of the steepest gradient.
      let bound = 4e-3 * abs(found[order[0]]) + 2e-4
      #expect(
        abs(slope - found[index]) <= bound,
        "\(label)[\(index)]: \(found[index]), differences \(slope)")
    }
    return steepest.count
  }

  @Test("The complete IoU, its weight of the aspect being a constant")
  func completeIoU() {
    var generator = SplitMix64(seed: 31)
    for _ in 0..<200 {
      let p = Self.box(&generator)
      let g = Self.box(&generator)
      let (value, gradient) = CompleteIoU.valueAndGradient(p, with: g)
      let alpha = Self.completeIoU(SIMD4<Double>(p), SIMD4<Double>(g), alpha: nil).alpha
      let oracle = Self.completeIoU(SIMD4<Double>(p), SIMD4<Double>(g), alpha: nil).value
      #expect(abs(Double(value) - oracle) < 2e-6)
      for index in 0..<4 {
        var (upper, lower) = (SIMD4<Double>(p), SIMD4<Double>(p))
        upper[index] += 1e-6
        lower[index] -= 1e-6
        let slope =
          (Self.completeIoU(upper, SIMD4<Double>(g), alpha: alpha).value
            - Self.completeIoU(lower, SIMD4<Double>(g), alpha: alpha).value) / 2e-6
        #expect(abs(Double(gradient[index]) - slope) < 1e-5, "corner \(index) of \(p) with \(g)")
      }
    }
  }

  @Test("The complete IoU of equal boxes: halves of both branches of every minimum and maximum")
  func equalBoxes() {
    let box = SIMD4<Float>(1, 2, 5, 9)
    let (value, gradient) = CompleteIoU.valueAndGradient(box, with: box)
    #expect(abs(value - 1) < 1e-6)
    // Ultralytics' bbox_iou(CIoU=True) and autograd: the halves of the intersection and of the union
    // leave ± half of a side over the area, less the enclosing box, which has no distance to weigh.
    let area: Float = 28
    let expected = SIMD4<Float>(-7, -4, 7, 4) / area * (0.5 - 0.5)
    expectClose((0..<4).map { gradient[$0] }, (0..<4).map { expected[$0] }, .absolute(1e-6))
  }

  /// The formula of the paper in double.
  private static func completeIoU(
    _ p: SIMD4<Double>, _ g: SIMD4<Double>, alpha given: Double?
  ) -> (value: Double, alpha: Double) {
    let e = 1e-7
    let (w, h) = (p[2] - p[0], p[3] - p[1] + e)
    let (v, u) = (g[2] - g[0], g[3] - g[1] + e)
    let common =
      max(min(p[2], g[2]) - max(p[0], g[0]), 0) * max(min(p[3], g[3]) - max(p[1], g[1]), 0)
    let iou = common / (w * h + v * u - common + e)
    let hull = (max(p[2], g[2]) - min(p[0], g[0]), max(p[3], g[3]) - min(p[1], g[1]))
    let diagonal = hull.0 * hull.0 + hull.1 * hull.1 + e
    let (dx, dy) = (p[0] + p[2] - g[0] - g[2], p[1] + p[3] - g[1] - g[3])
    let turn = atan(v / u) - atan(w / h)
    let aspect = 4 / (Double.pi * Double.pi) * turn * turn
    let alpha = given ?? aspect / (1 - iou + aspect + e)
    return (iou - (dx * dx + dy * dy) / 4 / diagonal - alpha * aspect, alpha)
  }

  private static func box(_ generator: inout SplitMix64) -> SIMD4<Float> {
    let x = Float.random(in: 0...10, using: &generator)
    let y = Float.random(in: 0...10, using: &generator)
    return SIMD4(
      x, y, x + .random(in: 0.5...8, using: &generator),
      y + .random(in: 0.5...8, using: &generator))
  }
}
