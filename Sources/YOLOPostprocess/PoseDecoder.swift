public import YOLOGeometry

/// Turns the raw outputs of a pose head into boxes with keypoints.
public struct PoseDecoder: Sendable, Hashable {
  /// The number of classes.
  public let classCount: Int
  /// The number of bins of a distance's distribution (`reg_max`); 1 means plain distances.
  public let binCount: Int
  /// The number of keypoints of an object.
  public let keypointCount: Int
  /// The numbers that a keypoint has: 2 for x and y, 3 with the logit of its visibility.
  public let valueCount: Int
  /// How the place of a keypoint is given.
  public let form: KeypointForm

  /// Creates a decoder for a head of the given layout.
  public init(
    classCount: Int, binCount: Int, keypointCount: Int, valueCount: Int,
    form: KeypointForm = .standard
  ) {
    precondition(classCount > 0 && binCount > 0 && keypointCount >= 0)
    precondition(valueCount == 2 || valueCount == 3, "a keypoint has two or three values")
    self.classCount = classCount
    self.binCount = binCount
    self.keypointCount = keypointCount
    self.valueCount = valueCount
    self.form = form
  }

  /// Finds the objects of an image.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order, each with `keypointCount · valueCount` extra
  ///     channels.
  ///   - selection: Which cells become poses.
  ///   - letterbox: How the image was fitted into the network's input.
  ///   - space: Which pixels boxes and keypoints are given in.
  /// - Returns: The poses by descending confidence.
  public func poses(
    in levels: [DetectLevel], select selection: Selection, letterbox: Letterbox,
    space: ResultSpace = .source
  ) -> [Pose] {
    let frame = ResultFrame(letterbox, space)
    return HeadScan(classCount: classCount, binCount: binCount)
      .survivors(in: levels, selection).map { candidate in
        let cell = HeadCell(anchor: candidate.anchor, in: levels)
        return Pose(
          box: frame.box(candidate.box), confidence: candidate.confidence,
          classIndex: candidate.classIndex, keypoints: keypoints(of: cell).map(frame.keypoint))
      }
  }

  /// Returns a cell's keypoints in letterbox pixels.
  func keypoints(of cell: HeadCell) -> [Keypoint] {
    let values = cell.extraValues(count: keypointCount * valueCount)
    return (0..<keypointCount).map { index in
      // SAFETY: within the cell's `keypointCount · valueCount` values.
      let value = values + index * valueCount
      let output = SIMD2(value[0], value[1])
      let place =
        switch form {
        case .standard: (output * 2 + (cell.middle - 0.5)) * cell.scale
        case .offset: (output + cell.middle) * cell.scale
        }
      return Keypoint(
        Point(x: place.x, y: place.y),
        visibility: valueCount == 3 ? ConfidenceThreshold.sigmoid(value[2]) : nil)
    }
  }
}
