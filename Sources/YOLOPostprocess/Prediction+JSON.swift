public import JSONText
import YOLOGeometry

extension Prediction {
  /// The decimals of a time in milliseconds.
  private static let timeDecimals = 3

  /// Writes `{"results":[…],"shape":[height,width],"speed":{…}}`, an image of the HUB answer.
  ///
  /// - Parameters:
  ///   - json: The writer.
  ///   - isNormalized: Whether coordinates are divided by the image's width and height.
  ///   - includesSource: Whether a member `source` comes first.
  public func write(
    to json: inout JSONWriter, isNormalized: Bool = false, includesSource: Bool = false
  ) {
    json.beginObject()
    if includesSource {
      json.key("source")
      json.string(source)
    }
    json.key("results")
    json.beginArray()
    let scale = ResultScale(size: size, isNormalized: isNormalized)
    switch findings {
    case .detections(let detections):
      for detection in detections {
        detection.write(to: &json, name: name(ofClass: detection.classIndex), scale: scale)
      }
    case .segmentations(let segmentations):
      for segmentation in segmentations {
        segmentation.write(to: &json, name: name(ofClass: segmentation.classIndex), scale: scale)
      }
    case .poses(let poses):
      for pose in poses {
        pose.write(to: &json, name: name(ofClass: pose.classIndex), scale: scale)
      }
    case .orientedDetections(let detections):
      for detection in detections {
        detection.write(to: &json, name: name(ofClass: detection.classIndex), scale: scale)
      }
    case .classification(let classification):
      for score in classification.top {
        score.write(to: &json, name: name(ofClass: score.classIndex))
      }
    }
    json.endArray()
    json.key("shape")
    json.beginArray()
    json.integer(size.height)
    json.integer(size.width)
    json.endArray()
    json.key("speed")
    json.beginObject()
    for (key, time) in [
      ("inference", speed.inference), ("postprocess", speed.postprocess),
      ("preprocess", speed.preprocess),
    ] {
      json.key(key)
      json.number(DecimalRounding.round(time, decimals: Self.timeDecimals))
    }
    json.endObject()
    json.endObject()
  }

  /// Returns the result as one line of JSON with its source, newline included.
  public func jsonLine(isNormalized: Bool = false) -> [UInt8] {
    var json = JSONWriter()
    write(to: &json, isNormalized: isNormalized, includesSource: true)
    return json.takeBytes() + [UInt8(ascii: "\n")]
  }
}
