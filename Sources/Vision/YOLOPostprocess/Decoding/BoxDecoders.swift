package import YOLOGeometry
import YOLOSystem

/// Turns the raw outputs of a detect head into boxes.
package struct DetectDecoder: Sendable, Hashable {
  /// The number of classes.
  package let classCount: Int
  /// The number of bins of a distance's distribution (`reg_max`); 1 means plain distances.
  package let binCount: Int

  /// Creates a decoder for a head of the given layout; both numbers are positive.
  package init(classCount: Int, binCount: Int) {
    precondition(classCount > 0 && binCount > 0)
    self.classCount = classCount
    self.binCount = binCount
  }

  private var scan: HeadScan { HeadScan(classCount: classCount, binCount: binCount) }

  /// Finds the cells whose confidence exceeds a threshold.
  ///
  /// A cell with a NaN among its class logits is no candidate. NaN or infinity among box logits
  /// can produce a box with edges that are not finite.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order, each with `4 · binCount` box and `classCount`
  ///     class channels.
  ///   - confidence: What the float32 confidence must exceed, rounded to float32 itself.
  ///   - classes: The classes to keep, or nil for all. A cell whose best class is not among them
  ///     is no candidate, unless every class is chosen.
  ///   - choice: Which classes of a cell are looked at.
  /// - Returns: The candidates in anchor order.
  package func candidates(
    in levels: [DetectLevel], above confidence: Double, of classes: Set<Int>? = nil,
    choice: ClassChoice = .best
  ) -> [Candidate<Box>] {
    scan.boxCandidates(
      in: levels, Selection(confidence: confidence, classes: classes, choice: choice))
  }

  /// Finds the objects of an image.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order.
  ///   - selection: Which cells become instances.
  ///   - letterbox: How the image was fitted into the network's input.
  ///   - space: Which pixels the boxes are in.
  /// - Returns: The instances by descending confidence.
  package func instances(
    in levels: [DetectLevel], select selection: Selection, letterbox: Letterbox,
    space: ResultSpace = .source
  ) -> [Instance] {
    let frame = ResultFrame(letterbox, space)
    return scan.survivors(in: levels, selection).map { candidate in
      Instance(
        classIndex: candidate.classIndex, confidence: candidate.confidence,
        geometry: .box(frame.box(candidate.box)))
    }
  }
}

/// Turns the raw outputs of a pose head into boxes with keypoints.
package struct PoseDecoder: Sendable, Hashable {
  /// The number of classes.
  package let classCount: Int
  /// The number of bins of a distance's distribution (`reg_max`); 1 means plain distances.
  package let binCount: Int
  /// The number of keypoints of an object.
  package let keypointCount: Int
  /// The numbers that a keypoint has: 2 for x and y, 3 with the logit of its visibility.
  package let valueCount: Int
  /// How the position of a keypoint is encoded.
  package let form: KeypointForm

  /// Creates a decoder for a head of the given layout.
  package init(
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
  ///   - selection: Which cells become instances.
  ///   - letterbox: How the image was fitted into the network's input.
  ///   - space: Which pixels boxes and keypoints are in.
  /// - Returns: The instances by descending confidence.
  package func instances(
    in levels: [DetectLevel], select selection: Selection, letterbox: Letterbox,
    space: ResultSpace = .source
  ) -> [Instance] {
    let frame = ResultFrame(letterbox, space)
    return HeadScan(classCount: classCount, binCount: binCount)
      .survivors(in: levels, selection).map { candidate in
        let cell = HeadCell(anchor: candidate.anchor, in: levels)
        return Instance(
          classIndex: candidate.classIndex, confidence: candidate.confidence,
          geometry: .keypoints(
            frame.box(candidate.box), keypoints(of: cell).map(frame.keypoint)))
      }
  }

  /// Returns a cell's keypoints in letterbox pixels.
  func keypoints(of cell: HeadCell) -> [Keypoint] {
    let values = cell.extraValues(count: keypointCount * valueCount)
    return (0..<keypointCount).map { index in
      // SAFETY: within the cell's `keypointCount · valueCount` values.
      let value = values + index * valueCount
      let output = SIMD2(value[0], value[1])
      let position =
        switch form {
        case .standard: (output * 2 + (cell.middle - 0.5)) * cell.scale
        case .offset: (output + cell.middle) * cell.scale
        }
      return Keypoint(
        Point(x: position.x, y: position.y),
        visibility: valueCount == 3 ? ConfidenceThreshold.sigmoid(value[2]) : nil)
    }
  }
}

/// How a head encodes the position of a keypoint.
package enum KeypointForm: Sendable, Hashable {
  /// Twice the output, from the cell's corner: (2 k + x) · stride in the cell of column x.
  case standard
  /// The output, from the cell's middle: (k + x + ½) · stride (`Pose26`).
  case offset
}

/// Turns the raw outputs of a head for oriented boxes (`OBB`) into such boxes.
package struct OrientedDecoder: Sendable, Hashable {
  /// The number of classes.
  package let classCount: Int
  /// The number of bins of a distance's distribution (`reg_max`); 1 means plain distances.
  package let binCount: Int
  /// How the angle is encoded.
  package let angle: AngleForm

  /// Creates a decoder for a head of the given layout; both numbers are positive.
  package init(classCount: Int, binCount: Int, angle: AngleForm = .sigmoid) {
    precondition(classCount > 0 && binCount > 0)
    self.classCount = classCount
    self.binCount = binCount
    self.angle = angle
  }

  /// Finds the objects of an image.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order, each with one extra channel, the angle.
  ///   - selection: Which cells become instances. Overlaps are the probabilistic ones.
  ///   - letterbox: How the image was fitted into the network's input.
  ///   - space: Which pixels the boxes are in; they are never clipped.
  /// - Returns: The instances by descending confidence.
  package func instances(
    in levels: [DetectLevel], select selection: Selection, letterbox: Letterbox,
    space: ResultSpace = .source
  ) -> [Instance] {
    let frame = ResultFrame(letterbox, space)
    return survivors(in: levels, selection).map { candidate in
      Instance(
        classIndex: candidate.classIndex, confidence: candidate.confidence,
        geometry: .orientedBox(frame.box(candidate.box)))
    }
  }

  private func survivors(
    in levels: [DetectLevel], _ selection: Selection
  ) -> [Candidate<OrientedBox>] {
    let scan = HeadScan(classCount: classCount, binCount: binCount)
    switch selection.method {
    case .suppression(let iouThreshold):
      return selection.survivors(
        of: scan.candidates(
          in: levels, above: selection.confidence, of: selection.classes,
          choice: selection.choice, decode: box), iouThreshold: iouThreshold)
    case .ranking:
      return Ranking(selection, cellCount: levels.reduce(0) { $0 + $1.cellCount }).best(
        of: scan.candidates(
          in: levels, above: selection.confidence, of: nil, choice: Ranking.choice(selection),
          decode: box))
    }
  }

  /// Returns the box of a cell, given its distances in cells, in letterbox pixels.
  ///
  /// The distances are measured from the cell's middle along the turned axes.
  func box(_ cell: HeadCell, _ distances: SIMD4<Float>) -> OrientedBox {
    let output = cell.extraValues(count: 1)[0]
    let turn =
      switch angle {
      case .sigmoid: (ConfidenceThreshold.sigmoid(output) - 0.25) * Float.pi
      case .direct: output
      }
    let cosine = cosf(turn)
    let sine = sinf(turn)
    let shift = (distances.highHalf - distances.lowHalf) / 2
    let size = (distances.lowHalf + distances.highHalf) * cell.scale
    let turned = SIMD2(
      shift.x * cosine - shift.y * sine, shift.x * sine + shift.y * cosine)
    let center = (turned + cell.middle) * cell.scale
    return OrientedBox(
      x: center.x, y: center.y, width: size.x, height: size.y, angle: turn)
  }
}

/// How a head encodes the angle of an oriented box.
package enum AngleForm: Sendable, Hashable {
  /// As (sigmoid − ¼) · π, from −π/4 to 3π/4.
  case sigmoid
  /// In radians as it is (`OBB26`).
  case direct
}

/// Which pixels the coordinates of results are in.
package enum ResultSpace: Sendable, Hashable {
  /// Those of the source image; boxes and points are clipped to it, oriented boxes are not.
  case source
  /// The same, by the mapping of YOLOv5 and its relatives: one gain for both axes, and padding that
  /// is not rounded.
  case unroundedSource
  /// Those of the letterboxed image, not clipped: what evaluation compares labels in.
  case letterbox
}

/// Maps letterbox coordinates to the pixels that results are given in.
struct ResultFrame {
  private let inverse: LetterboxInverse?
  /// The mapping of boxes, if it is another.
  private let unrounded: UnroundedInverse?

  init(_ letterbox: Letterbox, _ space: ResultSpace) {
    switch space {
    case .source: (inverse, unrounded) = (letterbox.inverse, nil)
    case .unroundedSource:
      (inverse, unrounded) = (letterbox.inverse, UnroundedInverse(letterbox))
    case .letterbox: (inverse, unrounded) = (nil, nil)
    }
  }

  func box(_ box: Box) -> Box { unrounded?.box(box) ?? inverse?.sourceBox(box) ?? box }

  func box(_ box: OrientedBox) -> OrientedBox { inverse?.sourceBox(box) ?? box }

  func keypoint(_ keypoint: Keypoint) -> Keypoint { inverse?.sourceKeypoint(keypoint) ?? keypoint }
}
