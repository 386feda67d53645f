package import YOLOGeometry

/// The overlaps of the detections and targets of one image.
///
/// What each geometry needs for all its comparisons is computed once. Geometries of different kinds
/// do not overlap.
package struct GeometryOverlap {
  private let detections: [Geometry]
  private let targets: [Geometry]
  private let detectionGaussians: [GaussianBox]
  private let targetGaussians: [GaussianBox]
  private let detectionAreas: [Int]
  private let targetAreas: [Int]
  private let similarity: KeypointSimilarity

  package init(_ detections: [Geometry], _ targets: [Geometry], keypointCount: Int = 0) {
    self.detections = detections
    self.targets = targets
    func gaussians(_ geometries: [Geometry]) -> [GaussianBox] {
      geometries.compactMap { $0.orientedBox.map(GaussianBox.init) }
    }
    func areas(_ geometries: [Geometry]) -> [Int] { geometries.map { $0.mask?.area ?? 0 } }
    detectionGaussians = gaussians(detections)
    targetGaussians = gaussians(targets)
    detectionAreas = areas(detections)
    targetAreas = areas(targets)
    similarity = KeypointSimilarity(keypointCount: keypointCount)
  }

  /// Returns the overlap of boxes, or of oriented boxes.
  package func box(_ detection: Int, _ target: Int) -> Float {
    switch (detections[detection], targets[target]) {
    case (.orientedBox, .orientedBox):
      guard detectionGaussians.count == detections.count, targetGaussians.count == targets.count
      else { return 0 }
      return targetGaussians[target].overlap(with: detectionGaussians[detection])
    case (.box(let first), .box(let second)), (.mask(let first, _, _), .mask(let second, _, _)),
      (.keypoints(let first, _), .keypoints(let second, _)),
      (.outline(let first, _), .outline(let second, _)):
      return second.intersectionOverUnion(with: first, epsilon: 1e-7)
    case (.box, _), (.mask, _), (.keypoints, _), (.orientedBox, _), (.outline, _): return 0
    }
  }

  /// Returns the overlap of masks, or the similarity of keypoints.
  func detail(_ detection: Int, _ target: Int) -> Float {
    switch (detections[detection], targets[target]) {
    case (.mask(_, let first, _), .mask(_, let second, _)):
      guard first.frame == second.frame else { return 0 }
      let shared = second.intersection(with: first)
      return Mask.overlap(
        shared: shared, union: detectionAreas[detection] + targetAreas[target] - shared)
    case (.keypoints(_, let first), .keypoints(let box, let second)):
      guard first.count == similarity.sigmas.count, second.count == first.count else { return 0 }
      return similarity.similarity(
        of: first, to: second, area: KeypointSimilarity.area(of: box))
    case (.box, _), (.mask, _), (.keypoints, _), (.orientedBox, _), (.outline, _): return 0
    }
  }
}
