import JSONText
import YOLOGeometry

/// The parts that the results of all tasks are written from, in the HUB answer's order of keys.
extension JSONWriter {
  /// Writes `"class":…,"name":…,"confidence":…`.
  mutating func members(classIndex: Int, name: String, confidence: Float) {
    key("class")
    integer(classIndex)
    key("name")
    string(name)
    key("confidence")
    number(ResultScale.rounded(confidence))
  }

  /// Writes `"box":{"x1":…,"x2":…,"y1":…,"y2":…}`, for four corners up to `x4` and `y4`.
  mutating func box(_ corners: [Point], scale: ResultScale) {
    key("box")
    beginObject()
    for (index, corner) in corners.enumerated() {
      key("x\(index + 1)")
      number(scale.x(corner.x))
    }
    for (index, corner) in corners.enumerated() {
      key("y\(index + 1)")
      number(scale.y(corner.y))
    }
    endObject()
  }

  /// Writes `"box":{"x1":…,"x2":…,"y1":…,"y2":…}`.
  mutating func box(_ box: Box, scale: ResultScale) {
    self.box([Point(x: box.x1, y: box.y1), Point(x: box.x2, y: box.y2)], scale: scale)
  }

  /// Writes `"x":[…],"y":[…]`.
  mutating func members(_ points: [Point], scale: ResultScale) {
    key("x")
    array(points) { scale.arrayX($0.x) }
    key("y")
    array(points) { scale.arrayY($0.y) }
  }

  /// Writes an array of a number for each element.
  mutating func array<Element>(_ elements: [Element], _ value: (Element) -> Double) {
    beginArray()
    for element in elements { number(value(element)) }
    endArray()
  }
}
