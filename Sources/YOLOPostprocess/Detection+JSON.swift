import JSONText
import YOLOGeometry

extension Detection {
  /// Writes `{"class":…,"name":…,"confidence":…,"box":{"x1":…,"x2":…,"y1":…,"y2":…}}`.
  func write(to json: inout JSONWriter, name: String, scale: ResultScale) {
    json.beginObject()
    json.key("class")
    json.integer(classIndex)
    json.key("name")
    json.string(name)
    json.key("confidence")
    json.number(scale.confidence(confidence))
    json.key("box")
    json.beginObject()
    json.key("x1")
    json.number(scale.x(box.x1))
    json.key("x2")
    json.number(scale.x(box.x2))
    json.key("y1")
    json.number(scale.y(box.y1))
    json.key("y2")
    json.number(scale.y(box.y2))
    json.endObject()
    json.endObject()
  }
}
