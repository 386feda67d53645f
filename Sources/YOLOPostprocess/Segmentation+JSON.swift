import JSONText
import YOLOGeometry

extension Segmentation {
  /// Writes a detection's object with `"segments":{"x":[…],"y":[…]}` after the box.
  func write(to json: inout JSONWriter, name: String, scale: ResultScale) {
    json.beginObject()
    json.members(classIndex: classIndex, name: name, confidence: confidence)
    json.box(box, scale: scale)
    json.key("segments")
    json.beginObject()
    json.members(polygon.points, scale: scale)
    json.endObject()
    json.endObject()
  }
}
