import YOLOGeometry
package import YOLOTensor

/// The decoded outputs of a head that finds objects, for all its cells, as PyTorch has it: levels
/// in head order, cells of a level by rows.
package struct HeadTensors: Sendable {
  /// The distances left, top, right, bottom from the middle of each cell, in cells: [1, 4, cells].
  package let distances: Tensor
  /// Center x, center y, width and height in input pixels, the probability of each class, and what
  /// the task adds: [1, 4 + classes + extra, cells].
  ///
  /// Added are mask coefficients; x, y and, where there is one, the visibility of each keypoint in
  /// input pixels; or the angle in radians.
  package let decoded: Tensor

  /// Decodes all cells.
  ///
  /// - Parameters:
  ///   - levels: The head's outputs in head order.
  ///   - binCount: The number of bins of a distance's distribution.
  ///   - extraCount: The values that the task adds to a cell.
  ///   - decode: Returns the box of a cell as center and size in input pixels, and the added
  ///     values.
  init(
    _ levels: [DetectLevel], binCount: Int, extraCount: Int,
    decode: (HeadCell, SIMD4<Float>) -> (box: SIMD4<Float>, extra: [Float])
  ) {
    let cellCount = levels.reduce(0) { $0 + $1.cellCount }
    let classCount = levels.first?.classes.channels ?? 0
    let rows = 4 + classCount + extraCount
    var distances = [Float](repeating: 0, count: 4 * cellCount)
    var decoded = [Float](repeating: 0, count: rows * cellCount)
    var anchor = 0
    for level in levels {
      precondition(level.classes.channels == classCount && level.boxes.channels == 4 * binCount)
      for y in 0..<level.classes.height {
        for x in 0..<level.classes.width {
          let cell = HeadCell(level: level, x: x, y: y)
          let edges = DistanceDistribution.distances(cell.values(of: level.boxes), bins: binCount)
          let (box, extra) = decode(cell, edges)
          precondition(extra.count == extraCount)
          for edge in 0..<4 {
            distances[edge * cellCount + anchor] = edges[edge]
            decoded[edge * cellCount + anchor] = box[edge]
          }
          let logits = cell.values(of: level.classes)
          for index in 0..<classCount {
            decoded[(4 + index) * cellCount + anchor] = ConfidenceThreshold.sigmoid(logits[index])
          }
          for (index, value) in extra.enumerated() {
            decoded[(4 + classCount + index) * cellCount + anchor] = value
          }
          anchor += 1
        }
      }
    }
    self.distances = Tensor(shape: [1, 4, cellCount], values: distances)
    self.decoded = Tensor(shape: [1, rows, cellCount], values: decoded)
  }

  /// Returns a box as center and size in input pixels, given its distances in cells.
  fileprivate static func centered(_ distances: SIMD4<Float>, _ cell: HeadCell) -> SIMD4<Float> {
    let upper = cell.middle - distances.lowHalf
    let lower = cell.middle + distances.highHalf
    return SIMD4(lowHalf: (upper + lower) / 2, highHalf: lower - upper) * cell.scale
  }
}

extension DetectDecoder {
  /// Decodes all cells of a head.
  package func tensors(of levels: [DetectLevel]) -> HeadTensors {
    HeadTensors(levels, binCount: binCount, extraCount: 0) { cell, distances in
      (HeadTensors.centered(distances, cell), [])
    }
  }
}

extension SegmentDecoder {
  /// Decodes all cells of a head.
  package func tensors(of levels: [DetectLevel]) -> HeadTensors {
    let count = levels.first?.extra?.channels ?? 0
    return HeadTensors(levels, binCount: binCount, extraCount: count) { cell, distances in
      // SAFETY: as many values as the level has extra channels.
      let values = cell.extraValues(count: count)
      return (HeadTensors.centered(distances, cell), (0..<count).map { values[$0] })
    }
  }
}

extension PoseDecoder {
  /// Decodes all cells of a head.
  package func tensors(of levels: [DetectLevel]) -> HeadTensors {
    HeadTensors(levels, binCount: binCount, extraCount: keypointCount * valueCount) {
      cell, distances in
      (
        HeadTensors.centered(distances, cell),
        keypoints(of: cell).flatMap {
          [$0.point.x, $0.point.y] + ($0.visibility.map { [$0] } ?? [])
        }
      )
    }
  }
}

extension OrientedDecoder {
  /// Decodes all cells of a head.
  package func tensors(of levels: [DetectLevel]) -> HeadTensors {
    HeadTensors(levels, binCount: binCount, extraCount: 1) { cell, distances in
      let box = box(cell, distances)
      return (SIMD4(box.x, box.y, box.width, box.height), [box.angle])
    }
  }
}
