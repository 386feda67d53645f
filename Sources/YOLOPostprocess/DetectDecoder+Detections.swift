public import YOLOGeometry

extension DetectDecoder {
  /// Finds the objects of a picture.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order.
  ///   - confidence: What a confidence must exceed.
  ///   - classes: The classes to keep, or nil for all.
  ///   - suppression: How overlapping boxes are thinned out.
  ///   - letterbox: How the picture was fitted into the network's input.
  /// - Returns: The detections by descending confidence.
  public func detections(
    in levels: [DetectLevel], above confidence: Double, of classes: Set<Int>? = nil,
    suppression: Suppression, letterbox: Letterbox
  ) -> [Detection] {
    let inverse = letterbox.inverse
    return suppression.survivors(of: candidates(in: levels, above: confidence, of: classes))
      .map { candidate in
        Detection(
          box: inverse.sourceBox(candidate.box), confidence: candidate.confidence,
          classIndex: candidate.classIndex)
      }
  }
}
