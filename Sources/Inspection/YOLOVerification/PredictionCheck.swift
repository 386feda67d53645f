import YOLOGeometry
public import YOLOPostprocess

/// How the objects of a prediction differ from those that are expected, held against tolerances.
///
/// Objects are paired as `PredictionComparison` does: by class and by the overlap of boxes or
/// oriented boxes.
public struct PredictionCheck: Sendable, Hashable {
  /// How many objects are expected.
  public let expectedCount: Int
  /// How many objects were found; of a classification, how many classes were compared.
  public let foundCount: Int
  /// How many objects are on one side only, but so close to the confidence threshold that a
  /// tolerated difference decides; they are no problems.
  public let borderlineCount: Int
  /// What is wrong.
  public let problems: [PredictionProblem]
  /// What the paired objects differ by most; of outlines the least overlap.
  public let worst: [PredictionProblem.Measure: Float]

  /// Whether the prediction is what is expected.
  public var agrees: Bool { problems.isEmpty }

  /// Compares a prediction with objects.
  ///
  /// - Parameters:
  ///   - results: What was found.
  ///   - expected: The objects that are expected.
  ///   - tolerances: How far they may be off.
  ///   - threshold: The confidence that objects had to exceed, if it is known.
  public init(
    _ results: Results, against expected: [ComparedObject],
    within tolerances: Tolerances = .standard, threshold: Double? = nil
  ) {
    let found = results.comparedObjects(with: expected, within: tolerances)
    let comparison = PredictionComparison(expected, found)
    func name(_ object: ComparedObject) -> String {
      Int(object.label).map { results.name(ofClass: $0) } ?? object.label
    }
    let bound: Float =
      switch results.task {
      // Classes of a few pixels may be on one side alone.
      case .semantic: tolerances.classes
      case .depth: -.infinity
      case .detect, .segment, .pose, .obb, .classify:
        threshold.map { Float($0) + tolerances.confidence } ?? -.infinity
      }
    var problems: [PredictionProblem] = []
    var worst: [PredictionProblem.Measure: Float] = [:]
    var partners = [PredictionComparison.Pair?](repeating: nil, count: expected.count)
    for pair in comparison.pairs { partners[pair.first] = pair }
    var borderlineCount = 0
    for (index, object) in expected.enumerated() {
      guard let pair = partners[index] else {
        guard !(object.confidence <= bound) else {
          borderlineCount += 1
          continue
        }
        let rival = comparison.extra.map { found[$0] }.first { Self.isSameObject($0, object) }
        problems.append(
          PredictionProblem(
            kind: .missing, object: object, found: rival, className: name(object),
            foundClassName: rival.map(name)))
        continue
      }
      let partner = found[pair.second]
      for (measure, value, tolerance) in Self.values(
        of: pair, expected: object, task: results.task, tolerances)
      {
        let isOverlap = measure == .outline
        let known = worst[measure]
        if known.map({ isOverlap ? value < $0 : value > $0 }) ?? true { worst[measure] = value }
        guard isOverlap ? !(value >= tolerance) : !(value <= tolerance) else { continue }
        problems.append(
          PredictionProblem(
            kind: .differs(measure, value: value, tolerance: tolerance), object: object,
            found: partner, className: name(object), foundClassName: name(partner)))
      }
    }
    for object in comparison.extra.map({ found[$0] }) {
      guard !(object.confidence <= bound) else {
        borderlineCount += 1
        continue
      }
      problems.append(
        PredictionProblem(
          kind: .extra, object: object, found: nil, className: name(object), foundClassName: nil))
    }
    expectedCount = expected.count
    foundCount = found.count
    self.borderlineCount = borderlineCount
    self.problems = problems
    self.worst = worst
  }

  private static func values(
    of pair: PredictionComparison.Pair, expected: ComparedObject, task: VisionTask,
    _ tolerances: Tolerances
  ) -> [(PredictionProblem.Measure, Float, Float)] {
    let difference = pair.confidence.isNaN ? .infinity : pair.confidence
    switch task {
    case .semantic: return [(.ratio, difference, tolerances.classes)]
    // Five decimals are written.
    case .depth:
      return [(.distance, difference, tolerances.depth * abs(expected.confidence) + 1e-5)]
    case .detect, .segment, .pose, .obb, .classify: break
    }
    let values: [(PredictionProblem.Measure, Float?, Float)] = [
      (.confidence, difference, tolerances.confidence),
      (.box, pair.coordinate, tolerances.box), (.keypoint, pair.keypoint, tolerances.keypoint),
      (.visibility, pair.visibility, tolerances.confidence),
      (.outline, pair.outlineOverlap, tolerances.outline),
    ]
    return values.compactMap { measure, value, tolerance in value.map { (measure, $0, tolerance) } }
  }

  /// Whether two objects, of whatever classes, lie in about the same place.
  private static func isSameObject(_ first: ComparedObject, _ second: ComparedObject) -> Bool {
    func relabeled(_ object: ComparedObject) -> ComparedObject {
      object.corners.isEmpty
        ? ComparedObject(label: "", confidence: object.confidence, geometry: object.geometry)
        : ComparedObject(label: "", confidence: object.confidence, corners: object.corners)
    }
    if first.geometry == nil { return false }
    return !PredictionComparison([relabeled(first)], [relabeled(second)]).pairs.isEmpty
  }
}
