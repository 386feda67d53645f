public import YOLOGeometry
public import YOLOTensor

/// Turns the raw outputs of a segment head into boxes with masks.
public struct SegmentDecoder: Sendable, Hashable {
  /// The number of classes.
  public let classCount: Int
  /// The number of bins of a distance's distribution (`reg_max`); 1 means plain distances.
  public let binCount: Int

  /// Makes a decoder for a head of the given layout; both numbers are positive.
  public init(classCount: Int, binCount: Int) {
    precondition(classCount > 0 && binCount > 0)
    self.classCount = classCount
    self.binCount = binCount
  }

  /// Finds the objects of a picture.
  ///
  /// An object to whose mask no pixel belongs is left out, but for `space` letterbox. Masks are
  /// computed for the objects that are left after selection, inside their boxes only.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order, each with as many extra channels as there are
  ///     prototypes: the mask coefficients.
  ///   - prototypes: The prototype masks, [height, width, count], which cover the whole letterbox.
  ///   - selection: Which cells become segmentations.
  ///   - letterbox: How the picture was fitted into the network's input.
  ///   - grid: Which pixels the masks are made of.
  ///   - space: Which pixels boxes and polygons are given in.
  /// - Returns: The segmentations by descending confidence.
  /// - Throws: `MaskError` if the masks together would take more than `MaskError.byteLimit`.
  public func segmentations(
    in levels: [DetectLevel], prototypes: FeatureMap, select selection: Selection,
    letterbox: Letterbox, masks grid: MaskGrid = .letterbox, space: ResultSpace = .source
  ) throws(MaskError) -> [Segmentation] {
    let frame = ResultFrame(letterbox, space)
    let assembly = MaskAssembly(prototypes: prototypes, letterbox: letterbox, grid: grid)
    let candidates = HeadScan(classCount: classCount, binCount: binCount)
      .survivors(in: levels, selection)
    let bytes = candidates.reduce(0) { $0 + assembly.pixelCount(box: $1.box) }
    guard bytes <= MaskError.byteLimit else {
      throw .tooLarge(objects: candidates.count, bytes: bytes)
    }
    return candidates.compactMap { candidate in
      let cell = HeadCell(anchor: candidate.anchor, in: levels)
      let mask = assembly.mask(
        coefficients: cell.extraValues(count: prototypes.channels), box: candidate.box)
      var polygon = Polygon()
      if space == .source {
        guard !mask.isEmpty else { return nil }
        polygon = LetterboxInverse(padded: mask.frame, source: letterbox.source)
          .sourcePolygon(mask.outline())
      }
      return Segmentation(
        box: frame.box(candidate.box), confidence: candidate.confidence,
        classIndex: candidate.classIndex, mask: mask, polygon: polygon)
    }
  }
}
