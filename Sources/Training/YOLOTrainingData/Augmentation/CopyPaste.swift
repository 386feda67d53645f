package import YOLOGeometry

/// Objects with polygons that are pasted once more: from the mirrored sample itself, or from
/// another one.
package enum CopyPaste {
  /// The maximum part of a labeled box that a pasted one may cover, exclusive.
  private static let maximumCover: Float = 0.3

  /// Selects the objects that are pasted onto a sample: those that hide little of what is there.
  ///
  /// - Parameters:
  ///   - objects: The objects that may be pasted.
  ///   - labels: The objects of the sample.
  ///   - fraction: How many of the former are pasted.
  /// - Returns: The indices of the objects, the least hiding ones first.
  package static func selection(
    of objects: SampleLabels, onto labels: SampleLabels, fraction: Double
  ) -> [Int] {
    guard objects.hasPolygons else { return [] }
    let covers = objects.boxes.map { object in
      labels.boxes.reduce(Float(0)) { max($0, cover(of: $1, by: object)) }
    }
    let candidates = covers.indices.filter { covers[$0] < maximumCover }
      .sorted { (covers[$0], $0) < (covers[$1], $1) }
    let count = Int((fraction * Double(candidates.count)).rounded(.toNearestOrEven))
    return Array(candidates.prefix(max(count, 0)))
  }

  /// Returns the part of a box that another one covers.
  private static func cover(of box: SIMD4<Float>, by other: SIMD4<Float>) -> Float {
    let width = max(min(box.z, other.z) - max(box.x, other.x), 0)
    let height = max(min(box.w, other.w) - max(box.y, other.y), 0)
    return width * height / ((box.z - box.x) * (box.w - box.y) + 1e-7)
  }

  /// Pastes objects of the mirrored canvas onto it, and appends their labels.
  package static func pasteMirrored(
    onto canvas: Canvas, labels: inout SampleLabels, fraction: Double, source: Canvas
  ) {
    guard labels.hasPolygons, labels.count > 0 else { return }
    var mirrored = labels
    mirrored.mirror(width: Float(canvas.width), keypointFlip: nil)
    let chosen = selection(of: mirrored, onto: labels, fraction: fraction)
    guard !chosen.isEmpty else { return }
    source.copy(canvas)
    let frame = Size(width: canvas.width, height: canvas.height)
    for index in chosen {
      forEachRun(of: mirrored.polygon(index).filled(in: frame)) { x, y, count in
        // SAFETY: the pixels of a mask lie in its frame.
        var from = source.pixels + y * source.stride + 3 * (source.width - 1 - x)
        var to = canvas.pixels + y * canvas.stride + 3 * x
        for _ in 0..<count {
          to[0] = from[0]
          to[1] = from[1]
          to[2] = from[2]
          from -= 3
          to += 3
        }
      }
    }
    labels.append(mirrored.selecting(chosen))
  }

  /// Pastes objects of another sample.
  package static func paste(
    _ objects: [Int], of labels: SampleLabels, from source: PixelPlane, onto plane: PixelPlane
  ) {
    let frame = Size(width: plane.width, height: plane.height)
    for index in objects {
      forEachRun(of: labels.polygon(index).filled(in: frame)) { x, y, count in
        plane.copy(left: x, top: y, right: x + count, bottom: y + 1, from: source)
      }
    }
  }

  /// Calls a closure with each run of pixels in the rows of a mask.
  private static func forEachRun(of mask: Mask, _ body: (_ x: Int, _ y: Int, _ count: Int) -> Void)
  {
    for row in 0..<mask.height {
      let start = row * mask.width
      var column = 0
      while column < mask.width {
        guard mask.pixels[start + column] != 0 else {
          column += 1
          continue
        }
        let first = column
        while column < mask.width, mask.pixels[start + column] != 0 { column += 1 }
        body(mask.left + first, mask.top + row, column - first)
      }
    }
  }
}

extension SampleLabels {
  /// Returns an object's polygon.
  package func polygon(_ index: Int) -> Polygon {
    Polygon(points: points[pointRange(index)].map { Point(x: $0.x, y: $0.y) })
  }

  /// Returns the objects of some indices.
  package func selecting(_ indices: [Int]) -> SampleLabels {
    var result = self
    result.select(indices)
    return result
  }
}
