import JSONText
import YOLOGeometry

extension OrientedDetection {
  /// Writes `{"class":…,"name":…,"confidence":…,"box":{"x1":…,…,"x4":…,"y1":…,…,"y4":…}}`.
  func write(to json: inout JSONWriter, name: String, scale: ResultScale) {
    json.beginObject()
    json.members(classIndex: classIndex, name: name, confidence: confidence)
    json.box(box.corners, scale: scale)
    json.endObject()
  }
}
