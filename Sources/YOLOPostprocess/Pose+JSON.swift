import JSONText
import YOLOGeometry

extension Pose {
  /// Writes a detection's object with `"keypoints":{"visible":[…],"x":[…],"y":[…]}` after the box.
  ///
  /// `visible` is left out where the model does not say it.
  func write(to json: inout JSONWriter, name: String, scale: ResultScale) {
    json.beginObject()
    json.members(classIndex: classIndex, name: name, confidence: confidence)
    json.box(box, scale: scale)
    json.key("keypoints")
    json.beginObject()
    let visibilities = keypoints.compactMap(\.visibility)
    if visibilities.count == keypoints.count {
      json.key("visible")
      json.array(visibilities, ResultScale.arrayRounded)
    }
    json.members(keypoints.map(\.point), scale: scale)
    json.endObject()
    json.endObject()
  }
}
