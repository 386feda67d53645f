package import YOLOGeometry
package import YOLOTensor

/// The output of an anchor head at one resolution, raw, for each cell and anchor.
///
/// The view is valid as long as the memory that it was taken from.
package struct AnchorLevel {
  /// For each anchor x, y, width, height, objectness, the classes and what the task adds, all logits
  /// but the latter, [height, width, anchors · values].
  package let values: FeatureMap
  /// The side of a cell in letterbox pixels.
  package let stride: Int
  /// The width and height of each anchor in letterbox pixels.
  package let anchors: [Anchor]

  /// The width and height of an anchor in letterbox pixels.
  package struct Anchor: Sendable, Hashable {
    /// The width.
    package var width: Float
    /// The height.
    package var height: Float

    /// Creates an anchor.
    package init(width: Float, height: Float) { (self.width, self.height) = (width, height) }
  }

  /// Joins a level.
  package init(values: FeatureMap, stride: Int, anchors: [Anchor]) {
    precondition(stride > 0 && !anchors.isEmpty && values.channels % anchors.count == 0)
    self.values = values
    self.stride = stride
    self.anchors = anchors
  }
}

/// Turns the raw outputs of an anchor head (YOLOv5, YOLOv7) into boxes.
///
/// With s the sigmoid, the box of an anchor in the cell of column i and row j has its center at
/// (2 s(x) + i − ½, 2 s(y) + j − ½) · stride and the size (2 s(w))² and (2 s(h))² times the anchor's;
/// a class has the confidence s(objectness) · s(class).
package struct AnchorDecoder: Sendable, Hashable {
  /// The number of classes.
  package let classCount: Int
  /// Whether the only class has the confidence of the objectness (YOLOv7).
  package let isObjectnessAlone: Bool

  /// Creates a decoder for a positive number of classes.
  package init(classCount: Int, isObjectnessAlone: Bool = false) {
    precondition(classCount > 0 && (classCount == 1 || !isObjectnessAlone))
    self.classCount = classCount
    self.isObjectnessAlone = isObjectnessAlone
  }

  /// Finds the objects of an image.
  ///
  /// An object to whose mask no pixel belongs is kept, as YOLOv5 does.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order.
  ///   - prototypes: The prototype masks, [height, width, count], which cover the whole letterbox; nil
  ///     for boxes alone. An anchor has as many values after the classes: the mask coefficients.
  ///   - selection: Which anchors become instances; objectness must exceed its confidence, too.
  ///   - letterbox: How the image was fitted into the network's input.
  ///   - grid: Which pixels the masks are made of.
  ///   - space: Which pixels boxes and outlines are in; for letterbox outlines are empty.
  ///   - threads: How many threads share the objects' masks.
  /// - Returns: The instances by descending confidence.
  /// - Throws: `MaskError` if the masks together would take more than `MaskError.byteLimit`.
  package func instances(
    in levels: [AnchorLevel], prototypes: FeatureMap? = nil, select selection: Selection,
    letterbox: Letterbox, masks grid: MaskGrid = .letterbox,
    space: ResultSpace = .unroundedSource, threads: Int = 1
  ) throws(MaskError) -> [Instance] {
    let iouThreshold =
      switch selection.method {
      case .suppression(let iouThreshold): iouThreshold
      // No anchor head was trained to give an object once.
      case .ranking: 1.0
      }
    let survivors = selection.survivors(
      of: candidates(in: levels, selection), iouThreshold: iouThreshold)
    if let prototypes {
      let assembly = MaskAssembly(
        prototypes: prototypes, letterbox: letterbox, grid: grid, form: .probabilities)
      return try assembly.instances(of: survivors, space: space, threads: threads) { candidate in
        let (values, count) = Self.values(of: candidate.anchor, in: levels)
        precondition(count == 5 + classCount + prototypes.channels)
        // YOLOv5's suppression scales everything behind the objectness by it, not only the classes.
        let objectness = ConfidenceThreshold.sigmoid(values[4])
        // SAFETY: the coefficients are the last of the anchor's values.
        let coefficients = (5 + classCount..<count).map { values[$0] * objectness }
        return coefficients.withUnsafeBufferPointer { buffer in
          guard let base = buffer.baseAddress else { preconditionFailure("there are prototypes") }
          return assembly.mask(coefficients: base, box: candidate.box)
        }
      }
    }
    let frame = ResultFrame(letterbox, space)
    return survivors.map { candidate in
      Instance(
        classIndex: candidate.classIndex, confidence: candidate.confidence,
        geometry: .box(frame.box(candidate.box)))
    }
  }

  /// Returns the values of an anchor by its position among all, which must be one of the levels', and
  /// their number.
  private static func values(
    of anchor: Int, in levels: [AnchorLevel]
  ) -> (values: UnsafePointer<Float>, count: Int) {
    var rest = anchor
    for level in levels {
      let map = level.values
      let cells = map.width * map.height
      guard rest >= cells * level.anchors.count else {
        let (position, cell) = rest.quotientAndRemainder(dividingBy: cells)
        let count = map.channels / level.anchors.count
        let (y, x) = cell.quotientAndRemainder(dividingBy: map.width)
        // SAFETY: pixel, row and channel offsets as the view defines them, inside its bounds.
        return (
          map.base + (y * map.rowStride + x * map.pixelStride + position * count), count
        )
      }
      rest -= cells * level.anchors.count
    }
    preconditionFailure("no cell has anchor \(anchor)")
  }

  /// Returns the candidates in the order of levels, anchors, rows and columns, those of an anchor in
  /// class order.
  func candidates(in levels: [AnchorLevel], _ selection: Selection) -> [Candidate<Box>] {
    let threshold = ConfidenceThreshold(selection.confidence)
    var found = [Candidate<Box>]()
    var index = 0
    for level in levels {
      let map = level.values
      let count = map.channels / level.anchors.count
      precondition(count >= 5 + classCount)
      for (position, anchor) in level.anchors.enumerated() {
        for y in 0..<map.height {
          // SAFETY: pixel, row and channel offsets as the view defines them, inside its bounds.
          var values = map.base + (y * map.rowStride + position * count)
          for x in 0..<map.width {
            defer {
              values += map.pixelStride
              index += 1
            }
            guard values[4] > threshold.logit else { continue }
            let objectness = ConfidenceThreshold.sigmoid(values[4])
            guard objectness > threshold.confidence else { continue }
            let box = box(values, x: x, y: y, stride: level.stride, anchor)
            append(
              values + 5, objectness, above: threshold.confidence, selection, to: &found
            ) {
              Candidate(box: box, confidence: $1, classIndex: $0, anchor: index)
            }
          }
        }
      }
    }
    return found
  }

  @inline(__always)
  private func append(
    _ logits: UnsafePointer<Float>, _ objectness: Float, above confidence: Float,
    _ selection: Selection, to found: inout [Candidate<Box>],
    _ candidate: (Int, Float) -> Candidate<Box>
  ) {
    func score(_ index: Int) -> Float {
      isObjectnessAlone
        ? objectness : objectness * ConfidenceThreshold.sigmoid(logits[index])
    }
    switch selection.choice {
    case .best:
      var best = (index: 0, score: score(0))
      for index in 1..<max(classCount, 1) {
        let next = score(index)
        if next > best.score { best = (index, next) }
      }
      if best.score > confidence, selection.classes?.contains(best.index) ?? true {
        found.append(candidate(best.index, best.score))
      }
    case .every:
      for index in 0..<classCount where selection.classes?.contains(index) ?? true {
        let next = score(index)
        if next > confidence { found.append(candidate(index, next)) }
      }
    }
  }

  private func box(
    _ values: UnsafePointer<Float>, x: Int, y: Int, stride: Int, _ anchor: AnchorLevel.Anchor
  ) -> Box {
    let centered = centered(values, x: x, y: y, stride: stride, anchor)
    let (half, center) = (centered.highHalf / 2, centered.lowHalf)
    return Box(
      x1: center[0] - half[0], y1: center[1] - half[1], x2: center[0] + half[0],
      y2: center[1] + half[1])
  }

  /// Returns center x, center y, width and height in letterbox pixels.
  private func centered(
    _ values: UnsafePointer<Float>, x: Int, y: Int, stride: Int, _ anchor: AnchorLevel.Anchor
  ) -> SIMD4<Float> {
    func sigmoid(_ index: Int) -> Float { ConfidenceThreshold.sigmoid(values[index]) }
    let (width, height) = (sigmoid(2) * 2, sigmoid(3) * 2)
    return SIMD4(
      (sigmoid(0) * 2 + (Float(x) - 0.5)) * Float(stride),
      (sigmoid(1) * 2 + (Float(y) - 0.5)) * Float(stride), width * width * anchor.width,
      height * height * anchor.height)
  }

  /// Decodes all anchors: center x and y, width and height in input pixels, objectness, the
  /// probability of each class, and the mask coefficients, as PyTorch has them:
  /// [1, anchors, 5 + classes + coefficients].
  package func tensor(of levels: [AnchorLevel]) -> Tensor {
    var values = [Float]()
    var (rows, length) = (0, 5 + classCount)
    for level in levels {
      let map = level.values
      let count = map.channels / level.anchors.count
      length = count
      for (position, anchor) in level.anchors.enumerated() {
        for y in 0..<map.height {
          for x in 0..<map.width {
            // SAFETY: as above.
            let cell = map.base + (y * map.rowStride + x * map.pixelStride + position * count)
            let box = centered(cell, x: x, y: y, stride: level.stride, anchor)
            for axis in 0..<4 { values.append(box[axis]) }
            for channel in 4..<5 + classCount {
              values.append(ConfidenceThreshold.sigmoid(cell[channel]))
            }
            for channel in 5 + classCount..<count { values.append(cell[channel]) }
            rows += 1
          }
        }
      }
    }
    return Tensor(shape: [1, rows, length], values: values)
  }
}

/// The mapping from letterbox pixels to the source that YOLOv5 and its relatives use: one gain for
/// both axes, and padding that is not rounded.
struct UnroundedInverse {
  private let gain: Float
  private let left: Float
  private let top: Float
  private let exactLeft: Double
  private let exactTop: Double
  private let padded: Size
  private let source: Size

  init(_ letterbox: Letterbox) { self.init(padded: letterbox.padded, source: letterbox.source) }

  /// Creates the mapping from another grid that covers the letterbox.
  init(padded: Size, source: Size) {
    self.source = source
    let gain = min(
      Double(padded.height) / Double(source.height), Double(padded.width) / Double(source.width))
    self.gain = Float(gain)
    exactLeft = (Double(padded.width) - Double(source.width) * gain) / 2
    exactTop = (Double(padded.height) - Double(source.height) * gain) / 2
    (left, top) = (Float(exactLeft), Float(exactTop))
    self.padded = padded
  }

  /// The pixels of the grid that the image is taken from: whole ones, at least one.
  var content: (left: Int, top: Int, width: Int, height: Int) {
    let (x, y) = (Int(exactLeft), Int(exactTop))
    return (
      x, y, max(1, Int(Double(padded.width) - exactLeft) - x),
      max(1, Int(Double(padded.height) - exactTop) - y)
    )
  }

  /// Maps a point, clipped to the image.
  func point(_ point: Point) -> Point {
    func clipped(_ value: Float, _ limit: Int) -> Float {
      value < 0 ? 0 : value > Float(limit) ? Float(limit) : value
    }
    return Point(
      x: clipped((point.x - left) / gain, source.width),
      y: clipped((point.y - top) / gain, source.height))
  }

  /// Maps a box, clipped to the image.
  func box(_ box: Box) -> Box {
    let (first, second) = (point(Point(x: box.x1, y: box.y1)), point(Point(x: box.x2, y: box.y2)))
    return Box(x1: first.x, y1: first.y, x2: second.x, y2: second.y)
  }
}
