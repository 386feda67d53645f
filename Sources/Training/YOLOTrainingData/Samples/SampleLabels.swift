package import YOLODatasets
import YOLOGeometry

/// The labeled objects of a sample, attribute by attribute.
///
/// Coordinates are fractions of an image in the training index, pixels in a sample. All arrays that
/// a task uses have an element, or a run of elements, for each object.
package struct SampleLabels: Sendable, Hashable {
  /// The class of each object.
  package var classes: [Int32] = []
  /// The box of each object: left, top, right, bottom.
  package var boxes: [SIMD4<Float>] = []
  /// The end of each object's points in `points`; empty where objects have no polygons.
  package var pointEnds: [Int32] = []
  /// The corners of the polygons, one polygon after the other.
  package var points: [SIMD2<Float>] = []
  /// The keypoints of an object; 0 where objects have none.
  package var keypointCount = 0
  /// The keypoints: x, y, visibility.
  package var keypoints: [SIMD3<Float>] = []

  package init() {}

  /// The number of objects.
  package var count: Int { classes.count }
  /// Whether the objects have polygons.
  package var hasPolygons: Bool { !pointEnds.isEmpty }

  /// Creates labels of those that are read from a file.
  package init(_ labels: ImageLabels, keypointCount: Int) {
    self.keypointCount = keypointCount
    classes.reserveCapacity(labels.instances.count)
    boxes.reserveCapacity(labels.instances.count)
    for instance in labels.instances {
      let box = instance.box
      classes.append(Int32(clamping: instance.classIndex))
      boxes.append(SIMD4(box.x1, box.y1, box.x2, box.y2))
      switch instance.geometry {
      case .outline(_, let polygon):
        for point in polygon.points { points.append(SIMD2(point.x, point.y)) }
        pointEnds.append(Int32(clamping: points.count))
      case .keypoints(_, let list):
        for keypoint in list {
          keypoints.append(SIMD3(keypoint.point.x, keypoint.point.y, keypoint.visibility ?? 1))
        }
      case .box, .mask, .orientedBox: break
      }
    }
  }

  /// The points of an object's polygon.
  package func pointRange(_ index: Int) -> Range<Int> {
    guard index < pointEnds.count else { return 0..<0 }
    let start = index == 0 ? 0 : Int(pointEnds[index - 1])
    return start..<Int(pointEnds[index])
  }

  /// The keypoints of an object.
  package func keypointRange(_ index: Int) -> Range<Int> {
    keypointCount * index..<keypointCount * (index + 1)
  }
}

extension SampleLabels {
  /// Multiplies and then shifts all coordinates.
  package mutating func map(scale: SIMD2<Float>, offset: SIMD2<Float>) {
    let boxScale = SIMD4(lowHalf: scale, highHalf: scale)
    let boxOffset = SIMD4(lowHalf: offset, highHalf: offset)
    for index in boxes.indices { boxes[index] = boxes[index] * boxScale + boxOffset }
    for index in points.indices { points[index] = points[index] * scale + offset }
    for index in keypoints.indices {
      let keypoint = keypoints[index]
      keypoints[index] = SIMD3(
        keypoint.x * scale.x + offset.x, keypoint.y * scale.y + offset.y, keypoint.z)
    }
  }

  /// Removes the polygons, so that the boxes alone count.
  package mutating func removePolygons() {
    points = []
    pointEnds = []
  }

  /// Appends the objects of other labels; polygons stay where both have them.
  package mutating func append(_ other: SampleLabels) {
    var other = other
    if count > 0, other.count > 0, hasPolygons != other.hasPolygons {
      removePolygons()
      other.removePolygons()
    }
    let base = Int32(clamping: points.count)
    classes += other.classes
    boxes += other.boxes
    points += other.points
    for end in other.pointEnds { pointEnds.append(base + end) }
    keypointCount = max(keypointCount, other.keypointCount)
    keypoints += other.keypoints
  }

  /// Keeps the objects for which a condition holds, in their order.
  package mutating func keep(where isKept: (SampleLabels, Int) -> Bool) {
    let kept = (0..<count).filter { isKept(self, $0) }
    if kept.count < count { select(kept) }
  }

  /// Keeps the objects of some indices, in the order of these.
  package mutating func select(_ indices: [Int]) {
    var result = SampleLabels()
    result.keypointCount = keypointCount
    for index in indices {
      result.classes.append(classes[index])
      result.boxes.append(boxes[index])
      if hasPolygons {
        result.points += points[pointRange(index)]
        result.pointEnds.append(Int32(clamping: result.points.count))
      }
      if keypointCount > 0 { result.keypoints += keypoints[keypointRange(index)] }
    }
    self = result
  }

  /// Resamples the polygons to `count` points each, or, where an image's polygon of most points
  /// has more than that, to one point more than it has.
  package mutating func resamplePolygons(to count: Int) {
    guard hasPolygons else { return }
    let most = pointEnds.indices.reduce(0) { max($0, pointRange($1).count) }
    let target = most > count ? most + 1 : count
    var result: [SIMD2<Float>] = []
    result.reserveCapacity(target * pointEnds.count)
    var ends: [Int32] = []
    ends.reserveCapacity(pointEnds.count)
    for index in pointEnds.indices {
      let polygon = Polygon(points: points[pointRange(index)].map { Point(x: $0.x, y: $0.y) })
      for point in polygon.resampled(to: target).points { result.append(SIMD2(point.x, point.y)) }
      ends.append(Int32(clamping: result.count))
    }
    points = result
    pointEnds = ends
  }

  /// Clips boxes, polygons and keypoints to a frame; keypoints outside become unlabeled.
  ///
  /// - Parameters:
  ///   - width: The frame's columns.
  ///   - height: The frame's rows.
  ///   - isOriented: Whether the polygons are oriented boxes, which stay rectangles.
  package mutating func clip(width: Float, height: Float, isOriented: Bool = false) {
    let high = SIMD4<Float>(width, height, width, height)
    for index in boxes.indices {
      boxes[index] = boxes[index].clamped(lowerBound: .zero, upperBound: high)
    }
    if isOriented {
      clipPolygons(width: width, height: height, isOriented: true)
    } else {
      let corner = SIMD2<Float>(width, height)
      for index in points.indices {
        points[index] = points[index].clamped(lowerBound: .zero, upperBound: corner)
      }
    }
    clipKeypoints(width: width, height: height)
  }

  /// Replaces the polygons that reach out of a frame by their part in it, or by the rectangle
  /// around that.
  package mutating func clipPolygons(width: Float, height: Float, isOriented: Bool) {
    func isInside(_ point: SIMD2<Float>) -> Bool {
      point.x >= 0 && point.y >= 0 && point.x <= width && point.y <= height
    }
    guard hasPolygons, !points.allSatisfy(isInside) else { return }
    var clipped: [SIMD2<Float>] = []
    clipped.reserveCapacity(points.count)
    var ends: [Int32] = []
    ends.reserveCapacity(pointEnds.count)
    for index in pointEnds.indices {
      let polygon = points[pointRange(index)]
      if polygon.allSatisfy(isInside) {
        clipped += polygon
      } else if isOriented {
        clipped += OrientedClip.clipped(Array(polygon), width: width, height: height)
      } else {
        clipped += PolygonClip.clipped(Array(polygon), width: width, height: height)
      }
      ends.append(Int32(clamping: clipped.count))
    }
    points = clipped
    pointEnds = ends
  }

  /// Sets the visibility of keypoints outside of a frame to 0, and moves them onto its edge.
  package mutating func clipKeypoints(width: Float, height: Float) {
    for index in keypoints.indices {
      let keypoint = keypoints[index]
      let isInside =
        keypoint.x >= 0 && keypoint.x <= width && keypoint.y >= 0 && keypoint.y <= height
      guard !isInside else { continue }
      // A perspective may map to infinity.
      func clamped(_ value: Float, _ bound: Float) -> Float {
        value.isNaN ? 0 : min(max(value, 0), bound)
      }
      keypoints[index] = SIMD3(clamped(keypoint.x, width), clamped(keypoint.y, height), 0)
    }
  }

  /// Drops objects whose box has no area.
  package mutating func dropEmpty() {
    keep { labels, index in
      let box = labels.boxes[index]
      return box.z > box.x && box.w > box.y
    }
  }
}
