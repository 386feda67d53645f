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

  /// Finds the objects of an image.
  ///
  /// - Parameters:
  ///   - boxes: The boxes of the queries, [rows, columns, 4]: center x and y, width and height as
  ///     fractions of the input.
  ///   - logits: The class logits, [rows, columns, classes].
  ///   - selection: Which queries become instances; nothing is suppressed whatever the method.
  ///   - size: The size of the image, or of the input, in whose pixels the boxes are.
  /// - Returns: The instances by descending confidence, equal ones in the order of the queries.
  package func instances(
    boxes: FeatureMap, classes logits: FeatureMap, select selection: Selection, in size: Size
  ) -> [Instance] {
    precondition(boxes.channels == 4 && logits.channels == classCount)
    precondition(boxes.height == logits.height && boxes.width == logits.width)
    let threshold = ConfidenceThreshold(selection.confidence)
    var found = [Instance]()
    for y in 0..<boxes.height {
      for x in 0..<boxes.width {
        // SAFETY: pixel and row offsets as the views define them, inside their bounds.
        let values = logits.base + (y * logits.rowStride + x * logits.pixelStride)
        guard ClassScan.anyLogit(values, count: classCount, above: threshold.logit) else {
          continue
        }
        let box = self.box(boxes, x, y, in: size)
        func append(_ index: Int, _ score: Float) {
          guard score > threshold.confidence, selection.classes?.contains(index) ?? true else {
            return
          }
          found.append(Instance(classIndex: index, confidence: score, geometry: .box(box)))
        }
        switch selection.choice {
        case .best:
          if let best = ClassScan.best(values, count: classCount) {
            append(best.index, best.score)
          }
        case .every:
          for index in 0..<classCount where values[index] > threshold.logit {
            append(index, ConfidenceThreshold.sigmoid(values[index]))
          }
        }
      }
    }
    return descendingOrder(of: found.map(\.confidence)).prefix(selection.limit).map { found[$0] }
  }

  private func box(_ map: FeatureMap, _ x: Int, _ y: Int, in size: Size) -> Box {
    // SAFETY: the map has four channels at each pixel.
    let values = map.base + (y * map.rowStride + x * map.pixelStride)
    let (width, height) = (Float(size.width), Float(size.height))
    return Box(
      x1: (values[0] - values[2] / 2) * width, y1: (values[1] - values[3] / 2) * height,
      x2: (values[0] + values[2] / 2) * width, y2: (values[1] + values[3] / 2) * height)
  }

  /// Decodes all queries: center x and y, width and height, and the probability of each class,
  /// [1, queries, 4 + classes].
  package func tensor(boxes: FeatureMap, classes logits: FeatureMap) -> Tensor {
    var values = [Float]()
    for y in 0..<boxes.height {
      for x in 0..<boxes.width {
        // SAFETY: as above.
        let box = boxes.base + (y * boxes.rowStride + x * boxes.pixelStride)
        let row = logits.base + (y * logits.rowStride + x * logits.pixelStride)
        for channel in 0..<4 { values.append(box[channel]) }
        for channel in 0..<classCount {
          values.append(ConfidenceThreshold.sigmoid(row[channel]))
        }
      }
    }
    return Tensor(shape: [1, boxes.height * boxes.width, 4 + classCount], values: values)
  }
}
