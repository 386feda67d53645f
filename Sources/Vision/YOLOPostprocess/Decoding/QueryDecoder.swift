package import YOLOGeometry
package import YOLOTensor

/// Turns the raw outputs of RT-DETR's head into boxes: each query is an object or none, and nothing
/// is suppressed.
package struct QueryDecoder: Sendable, Hashable {
  /// The number of classes.
  package let classCount: Int

  /// Creates a decoder for a positive number of classes.
  package init(classCount: Int) {
    precondition(classCount > 0)
    self.classCount = classCount
  }

  /// A class of a query.
  private struct Entry {
    var query: Int
    var classIndex: Int
    var score: Float
  }

  /// Finds the objects of an image.
  ///
  /// Of all classes of all queries the best are taken, as many as there are queries: a query may
  /// appear with several classes. Classes are filtered at the end: what is not wanted counts all
  /// the same.
  ///
  /// - Parameters:
  ///   - boxes: The boxes of the queries, [rows, columns, 4]: center x and y, width and height as
  ///     fractions of the input.
  ///   - logits: The class logits, [rows, columns, classes].
  ///   - selection: What becomes an instance; nothing is suppressed whatever the method.
  ///   - size: The size of the image, or of the input, in whose pixels the boxes are.
  /// - Returns: The instances by descending confidence, equal ones in the order of the queries.
  package func instances(
    boxes: FeatureMap, classes logits: FeatureMap, select selection: Selection, in size: Size
  ) -> [Instance] {
    precondition(boxes.channels == 4 && logits.channels == classCount)
    precondition(boxes.height == logits.height && boxes.width == logits.width)
    let best = best(of: logits, above: selection.confidence)
      .filter { selection.classes?.contains($0.classIndex) ?? true }
    return best.prefix(selection.limit).map { entry in
      Instance(
        classIndex: entry.classIndex, confidence: entry.score,
        geometry: .box(
          box(boxes, entry.query % boxes.width, entry.query / boxes.width, in: size)))
    }
  }

  /// Returns the best classes of all queries above a confidence, as many as there are queries at
  /// most, the best first.
  private func best(of logits: FeatureMap, above confidence: Double) -> [Entry] {
    let threshold = ConfidenceThreshold(confidence)
    var found = [Entry]()
    for y in 0..<logits.height {
      for x in 0..<logits.width {
        // SAFETY: pixel and row offsets as the view defines them, inside its bounds.
        let values = logits.base + (y * logits.rowStride + x * logits.pixelStride)
        guard ClassScan.anyLogit(values, count: classCount, above: threshold.logit) else {
          continue
        }
        for index in 0..<classCount where values[index] > threshold.logit {
          let score = ConfidenceThreshold.sigmoid(values[index])
          guard score > threshold.confidence else { continue }
          found.append(Entry(query: y * logits.width + x, classIndex: index, score: score))
        }
      }
    }
    return descendingOrder(of: found.map(\.score)).prefix(logits.height * logits.width)
      .map { found[$0] }
  }

  private func box(_ map: FeatureMap, _ x: Int, _ y: Int, in size: Size) -> Box {
    // SAFETY: the map has four channels at each pixel.
    let values = map.base + (y * map.rowStride + x * map.pixelStride)
    let (width, height) = (Float(size.width), Float(size.height))
    return Box(
      x1: (values[0] - values[2] / 2) * width, y1: (values[1] - values[3] / 2) * height,
      x2: (values[0] + values[2] / 2) * width, y2: (values[1] + values[3] / 2) * height)
  }

  /// Decodes the best classes of all queries, as many as there are queries: center x and y, width
  /// and height as fractions of the input, confidence and class, [1, queries, 6].
  package func tensor(boxes: FeatureMap, classes logits: FeatureMap) -> Tensor {
    let count = boxes.height * boxes.width
    var values = [Float]()
    for entry in best(of: logits, above: -1) {
      let (x, y) = (entry.query % boxes.width, entry.query / boxes.width)
      // SAFETY: as above; the map has four channels at each pixel.
      let box = boxes.base + (y * boxes.rowStride + x * boxes.pixelStride)
      for channel in 0..<4 { values.append(box[channel]) }
      values += [entry.score, Float(entry.classIndex)]
    }
    // Fewer where logits are not numbers.
    values += [Float](repeating: .nan, count: 6 * count - values.count)
    return Tensor(shape: [1, count, 6], values: values)
  }
}
