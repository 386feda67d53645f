import YOLOGeometry

/// The overlaps of the findings and targets of one image.
///
/// What each shape needs for all its comparisons is computed once. Shapes of different kinds do not
/// overlap.
struct ShapeOverlap {
  private let findings: [ValidationShape]
  private let targets: [ValidationShape]
  private let findingGaussians: [GaussianBox]
  private let targetGaussians: [GaussianBox]
  private let findingAreas: [Int]
  private let targetAreas: [Int]
  private let similarity: KeypointSimilarity

  init(_ findings: [ValidationFinding], _ targets: [ValidationTarget], keypointCount: Int) {
    self.findings = findings.map(\.shape)
    self.targets = targets.map(\.shape)
    func gaussians(_ shapes: [ValidationShape]) -> [GaussianBox] {
      shapes.compactMap { if case .orientedBox(let box) = $0 { GaussianBox(box) } else { nil } }
    }
    func areas(_ shapes: [ValidationShape]) -> [Int] {
      shapes.map { if case .mask(_, let mask) = $0 { mask.area } else { 0 } }
    }
    findingGaussians = gaussians(self.findings)
    targetGaussians = gaussians(self.targets)
    findingAreas = areas(self.findings)
    targetAreas = areas(self.targets)
    similarity = KeypointSimilarity(keypointCount: keypointCount)
  }

  /// Returns the overlap of boxes, or of oriented boxes.
  func box(_ finding: Int, _ target: Int) -> Float {
    switch (findings[finding], targets[target]) {
    case (.orientedBox, .orientedBox):
      guard findingGaussians.count == findings.count, targetGaussians.count == targets.count
      else { return 0 }
      return targetGaussians[target].overlap(with: findingGaussians[finding])
    case (.box(let first), .box(let second)), (.mask(let first, _), .mask(let second, _)),
      (.keypoints(let first, _), .keypoints(let second, _)):
      return second.intersectionOverUnion(with: first, epsilon: 1e-7)
    default: return 0
    }
  }

  /// Returns the overlap of masks, or the similarity of keypoints.
  func detail(_ finding: Int, _ target: Int) -> Float {
    switch (findings[finding], targets[target]) {
    case (.mask(_, let first), .mask(_, let second)):
      guard first.frame == second.frame else { return 0 }
      let shared = second.intersection(with: first)
      return Mask.overlap(
        shared: shared, union: findingAreas[finding] + targetAreas[target] - shared)
    case (.keypoints(_, let first), .keypoints(let box, let second)):
      guard first.count == similarity.sigmas.count, second.count == first.count else { return 0 }
      return similarity.similarity(
        of: first, to: second, area: KeypointSimilarity.area(of: box))
    default: return 0
    }
  }
}
