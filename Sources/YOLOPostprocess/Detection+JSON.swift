import JSONText
import YOLOGeometry

extension Detection {
  /// Writes `{"class":…,"name":…,"confidence":…,"box":{"x1":…,"x2":…,"y1":…,"y2":…}}`.
  func write(to json: inout JSONWriter, name: String, scale: ResultScale) {
    json.beginObject()
    json.members(classIndex: classIndex, name: name, confidence: confidence)
    json.box(box, scale: scale)
    json.endObject()
  }
}
