import YOLOGeometry
import YOLOMetrics

/// Which objects of two predictions of an image are the same, and how far they are apart.
///
/// By falling confidence, each object of the first prediction takes the object of the second that
/// it overlaps most, of those with its class that are left: the overlap of boxes, of oriented boxes
/// the probabilistic one, of boxes without area that of boxes a little larger. Images' classes
/// match if they are the same.
public struct PredictionComparison: Sendable, Hashable {
  /// The minimum overlap of a pair if not told otherwise.
  public static let minimumIoU: Float = 0.5

  /// Two objects that are the same.
  public struct Pair: Sendable, Hashable {
    /// The object's index in the first prediction.
    public let first: Int
    /// The object's index in the second prediction.
    public let second: Int
    /// How much their boxes overlap.
    public let overlap: Float
    /// The absolute difference of their confidences.
    public let confidence: Float
    /// The greatest absolute difference of the boxes' edges, or of the corners' coordinates; nil
    /// without boxes.
    ///
    /// Oriented boxes may begin at different corners.
    public let coordinate: Float?
    /// The greatest absolute difference of the keypoints' coordinates; nil without keypoints.
    public let keypoint: Float?
    /// The greatest absolute difference of the keypoints' visibilities; nil where neither says
    /// them, infinite where one alone does.
    public let visibility: Float?
    /// How much their filled outlines overlap; nil without outlines.
    public let outlineOverlap: Float?
  }

  /// The pairs, in the order of the first prediction.
  public let pairs: [Pair]
  /// The indices of the objects that only the first prediction has.
  public let missing: [Int]
  /// The indices of the objects that only the second prediction has.
  public let extra: [Int]

  /// Compares two predictions.
  ///
  /// - Parameters:
  ///   - first: The objects that are expected.
  ///   - second: The objects that are compared with them.
  ///   - minimumIoU: The minimum IoU of a pair.
  public init(
    _ first: [ComparedObject], _ second: [ComparedObject],
    minimumIoU: Float = Self.minimumIoU
  ) {
    let frame = OutlineFrame(first + second)
    let overlap = GeometryOverlap(first.map(\.boxGeometry), second.map(\.boxGeometry))
    var byLabel: [String: [Int]] = [:]
    for (index, object) in second.enumerated() { byLabel[object.label, default: []].append(index) }
    let order = first.indices.sorted {
      let (one, other) = (first[$0].confidence, first[$1].confidence)
      return one > other || (!(one < other) && $0 < $1)
    }
    let assigned = Matching.assignment(
      detections: first.count, targets: second.count, isEnough: { $0 >= minimumIoU },
      rivals: { position in
        (byLabel[first[order[position]].label] ?? []).map { rival in
          (rival, Self.overlap(overlap, first, second, order[position], rival))
        }
      })
    var partners = [Int?](repeating: nil, count: first.count)
    for (position, target) in assigned.enumerated() { partners[order[position]] = target }
    pairs = partners.enumerated().compactMap { index, partner in
      guard let partner else { return nil }
      var outlineOverlap: Float?
      if let outline = first[index].outline, let other = second[partner].outline {
        // Outlines without area overlap nothing, not even themselves.
        outlineOverlap =
          outline == other
          ? 1 : frame.mask(of: outline).intersectionOverUnion(with: frame.mask(of: other))
      }
      return Self.pair(
        first[index], second[partner], index, partner,
        overlap: Self.overlap(overlap, first, second, index, partner),
        outlineOverlap: outlineOverlap)
    }
    missing = partners.indices.filter { partners[$0] == nil }
    let taken = Set(partners.compactMap { $0 })
    extra = second.indices.filter { !taken.contains($0) }
  }

  private static func overlap(
    _ overlap: GeometryOverlap, _ first: [ComparedObject], _ second: [ComparedObject], _ index: Int,
    _ rival: Int
  ) -> Float {
    switch (first[index].geometry, second[rival].geometry) {
    case (nil, nil): return 1
    case (nil, _), (_, nil): return 0
    case (.some, .some):
      // Boxes without area overlap nothing, not even themselves.
      if first[index].coordinates == second[rival].coordinates { return 1 }
      if let (one, other) = withArea(first[index], second[rival]) {
        return one.intersectionOverUnion(with: other, epsilon: 1e-7)
      }
      return overlap.box(index, rival)
    }
  }

  /// Returns two boxes of which one has no area as boxes that have one; nil where both have.
  ///
  /// Their edges are put in order, and what is left without area is made a little wider.
  private static func withArea(
    _ first: ComparedObject, _ second: ComparedObject
  ) -> (Box, Box)? {
    guard case .box(let one) = first.boxGeometry, case .box(let other) = second.boxGeometry else {
      return nil
    }
    func hasArea(_ box: Box) -> Bool { box.x1 < box.x2 && box.y1 < box.y2 }
    if hasArea(one), hasArea(other) { return nil }
    func ordered(_ box: Box) -> Box {
      Box(
        x1: min(box.x1, box.x2), y1: min(box.y1, box.y2), x2: max(box.x1, box.x2),
        y2: max(box.y1, box.y2))
    }
    let boxes = (ordered(one), ordered(other))
    if hasArea(boxes.0), hasArea(boxes.1) { return boxes }
    let sides = [boxes.0, boxes.1].flatMap { [$0.x2 - $0.x1, $0.y2 - $0.y1] }
    let margin = 0.05 * (sides.max() ?? 0)
    func grown(_ box: Box) -> Box {
      Box(
        x1: box.x1 - margin, y1: box.y1 - margin, x2: box.x2 + margin, y2: box.y2 + margin)
    }
    return (grown(boxes.0), grown(boxes.1))
  }

  private static func pair(
    _ first: ComparedObject, _ second: ComparedObject, _ firstIndex: Int, _ secondIndex: Int,
    overlap: Float, outlineOverlap: Float?
  ) -> Pair {
    let points = (first.keypoints, second.keypoints)
    let keypoint =
      points.0.isEmpty && points.1.isEmpty
      ? nil
      : worst(
        points.0.flatMap { [$0.point.x, $0.point.y] },
        points.1.flatMap { [$0.point.x, $0.point.y] })
    let visible = (points.0.compactMap(\.visibility), points.1.compactMap(\.visibility))
    return Pair(
      first: firstIndex, second: secondIndex, overlap: overlap,
      confidence: abs(first.confidence - second.confidence), coordinate: distance(first, second),
      keypoint: keypoint,
      visibility: visible.0.isEmpty && visible.1.isEmpty ? nil : worst(visible.0, visible.1),
      outlineOverlap: outlineOverlap)
  }

  /// Returns the greatest difference of the boxes' numbers; nil if there are none.
  private static func distance(_ first: ComparedObject, _ second: ComparedObject) -> Float? {
    let (one, other) = (first.coordinates, second.coordinates)
    guard !one.isEmpty || !other.isEmpty else { return nil }
    guard !first.corners.isEmpty, !second.corners.isEmpty else {
      return worst(one, other)
    }
    let turns = stride(from: 0, to: 8, by: 2).map { worst(one, Array(other[$0...] + other[..<$0])) }
    return turns.min()
  }

  /// Returns the greatest absolute difference; infinity if there is no common measure.
  private static func worst(_ first: [Float], _ second: [Float]) -> Float {
    guard first.count == second.count else { return .infinity }
    return zip(first, second).reduce(0) { worst, pair in
      let difference = abs(pair.0 - pair.1)
      return difference <= worst ? worst : difference.isNaN ? .infinity : difference
    }
  }
}

/// A grid of pixels on which the outlines of two predictions are filled.
///
/// It covers all outlines of an image with 1024 pixels on its long side, so that fractions of the
/// image are compared as finely as pixels.
struct OutlineFrame {
  private static let side: Float = 1024

  private let origin: Point
  private let scale: Float

  init(_ objects: [ComparedObject]) {
    let points = objects.flatMap { $0.outline?.points ?? [] }.filter {
      $0.x.isFinite && $0.y.isFinite
    }
    let left = points.map(\.x).min() ?? 0
    let top = points.map(\.y).min() ?? 0
    let right = points.map(\.x).max() ?? 0
    let bottom = points.map(\.y).max() ?? 0
    origin = Point(x: left, y: top)
    let length = max(right - left, bottom - top)
    scale = length > 0 && length.isFinite ? (Self.side - 1) / length : 1
  }

  /// Returns the pixels of this grid that an outline encloses.
  func mask(of outline: Polygon) -> Mask {
    Polygon(
      points: outline.points.map {
        Point(x: ($0.x - origin.x) * scale, y: ($0.y - origin.y) * scale)
      }
    ).filled(in: Size(width: Int(Self.side), height: Int(Self.side)))
  }
}
