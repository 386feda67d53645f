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
    // What the branches share is a constant of the one-to-one branch: differences would show it.
    let weight = expected.outputs[0].prototypes == nil ? expected.oneToManyWeight : 1
    func total() throws -> Double {
      store?.clearGradients()
      _ = try expected.evaluate(
        loss, targets: expected.targets,
        oneToManyWeight: weight)
      return loss.total
    }
    _ = try total()
    loss.keepsAssignment = true
    var checked = 0
    for memory in expected.outputs {
      for level in memory.maps {
        for (kind, map) in level.enumerated() where map.channels > 0 {
          if kind == 0, term.hasUprightBoxes { continue }
          checked += try Self.check(
            map.values, map.gradients, map.count, "kind \(kind)", term, total)
        }
      }
    }
    for map in [expected.outputs[0].prototypes, expected.outputs[0].semantic].compactMap({ $0 }) {
      checked += try Self.check(map.values, map.gradients, map.count, "shared", term, total)
    }
    // Of the flow's 72 tensors every fifth: weights and biases of all layers, of scales and
    // translations.
    for (index, entry) in (store?.entries ?? []).enumerated() where index % 5 == 0 {
      guard let store else { continue }
      checked += try Self.check(
        store.values + entry.offset, store.gradients + entry.offset, entry.count, entry.key, term,
        total)
    }
    #expect(checked > 0, "no gradient but zero")
  }

  /// Compares the steepest gradients of a run of values; returns how many were not zero.
  private static func check(
    _ values: UnsafeMutablePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ count: Int,
    _ label: String, _ term: Term, _ total: () throws -> Double
  ) throws -> Int {
    _ = try total()
    let found = (0..<count).map { gradients[$0] }
    let order = found.indices.sorted { abs(found[$0]) > abs(found[$1]) }
    let steepest = order.prefix(4).filter { found[$0] != 0 }
    let spread = order.enumerated().filter { $0.offset % max(count / 3, 1) == 0 }.map(\.element)
    for index in Set(steepest + spread) {
      let value = values[index]
      // The values are float32: smaller steps drown in their rounding.
      let step: Float = term == .likelihood ? 5e-3 : 2e-3
      values[index] = value + step
      let (above, upper) = (try total(), values[index])
      values[index] = value - step
      let (below, lower) = (try total(), values[index])
      values[index] = value
      let slope = Float((above - below) / Double(upper - lower))
      // Third derivatives times the step's square, and float32 noise, of the steepest gradient; the
      // logarithms of densities are large, and so is their rounding.
      let noise = term == .likelihood ? Float(abs(above)) * 2e-8 / step : 0
      let bound = 4e-3 * abs(found[order[0]]) + 2e-4 + noise
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

  /// A prediction, a target, and what Ultralytics 8.4.190's `bbox_iou` and torch 2.13's autograd give.
  static let boundaries: [(SIMD4<Float>, SIMD4<Float>, Float, [Float])] = [
    ([1, 2, 5, 9], [1, 2, 5, 9], 1, [0, 0, 0, 0]),
    (
      [1, 2, 5, 9], [1, 3, 6, 9], 0.698616326,
      [0.000485226512, 0.0888803899, 0.163090780, 0.0243399888]
    ),
    (
      [1, 2, 5, 9], [5, 9, 7, 12], -0.250003695,
      [-1.15275179e-05, 6.58715362e-06, 0.0220703520, 0.0367581210]
    ),
    (
      [1, 2, 5, 9], [5, 3, 7, 9], -0.109069034,
      [0.0201986805, -0.0121945972, 0.185026243, 0.0149973659]
    ),
  ]

  @Test("The complete IoU where minimums and maximums are of equal numbers", arguments: boundaries)
  func equalSides(
    _ p: SIMD4<Float>, _ g: SIMD4<Float>, _ value: Float, _ gradient: [Float]
  ) {
    let found = CompleteIoU.valueAndGradient(p, with: g)
    #expect(abs(found.value - value) < 1e-6)
    expectClose((0..<4).map { found.gradient[$0] }, gradient, .absolute(1e-6))
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
