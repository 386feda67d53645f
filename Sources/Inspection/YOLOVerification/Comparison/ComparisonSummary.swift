/// The differences of two predictions over all images.
public struct ComparisonSummary: Sendable, Hashable {
  /// The worst of a kind of difference.
  public struct Worst: Sendable, Hashable {
    /// The value.
    public let value: Float
    /// The image, by its index in the predictions.
    public let image: Int
    /// The pair of objects.
    public let pair: PredictionComparison.Pair
  }

  /// The number of images.
  public private(set) var images = 0
  /// The number of objects that both predictions have.
  public private(set) var matched = 0
  /// The number of objects that only the first prediction has.
  public private(set) var missing = 0
  /// The number of objects that only the second prediction has.
  public private(set) var extra = 0
  /// The greatest difference of confidences.
  public private(set) var confidence: Worst?
  /// The greatest difference of the boxes' edges or corners.
  public private(set) var coordinate: Worst?
  /// The greatest difference of keypoints.
  public private(set) var keypoint: Worst?
  /// The minimum overlap of filled outlines.
  public private(set) var outlineOverlap: Worst?

  /// Creates a summary of no images.
  public init() {}

  /// Adds the next image.
  public mutating func add(_ comparison: PredictionComparison) {
    for pair in comparison.pairs {
      func isWorse(_ value: Float, _ worst: Worst?) -> Bool {
        worst.map { value > $0.value } ?? true
      }
      func worst(_ value: Float) -> Worst { Worst(value: value, image: images, pair: pair) }
      if isWorse(pair.confidence, confidence) { confidence = worst(pair.confidence) }
      if let value = pair.coordinate, isWorse(value, coordinate) { coordinate = worst(value) }
      if let value = pair.keypoint, isWorse(value, keypoint) { keypoint = worst(value) }
      if let value = pair.outlineOverlap, outlineOverlap.map({ value < $0.value }) ?? true {
        outlineOverlap = worst(value)
      }
    }
    images += 1
    matched += comparison.pairs.count
    missing += comparison.missing.count
    extra += comparison.extra.count
  }

  /// Returns whether both predictions have the same objects, no further apart than given.
  ///
  /// - Parameters:
  ///   - coordinates: The most that boxes, corners and keypoints may differ.
  ///   - confidences: The most that confidences may differ.
  /// - Returns: Whether they agree.
  public func agrees(coordinates: Float, confidences: Float) -> Bool {
    missing == 0 && extra == 0 && (coordinate?.value ?? 0) <= coordinates
      && (keypoint?.value ?? 0) <= coordinates && (confidence?.value ?? 0) <= confidences
  }
}
