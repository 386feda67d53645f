package import JSONText
import YOLOGeometry

/// Writes the answer of the Platform API, image by image:
/// `{"success":true,"predictions":[…],"images":[…],"metadata":{…}}`.
///
/// `images` has what the HUB answer has, with boxes corner by corner: `x1`, `y1`, `x2`, `y2`.
/// `predictions` has the same instances in one list, where `class` is the name of a class, and
/// `classId` its index.
package struct PlatformReport: Sendable {
  private var images: [UInt8] = []
  private var predictions: [UInt8] = []
  private var imageWriter = JSONWriter()
  private var predictionWriter = JSONWriter()
  private let isNormalized: Bool
  private let numbersFrames: Bool
  /// The images so far.
  package private(set) var imageCount = 0

  /// Opens a report.
  ///
  /// - Parameters:
  ///   - isNormalized: Whether coordinates are divided by an image's width and height.
  ///   - numbersFrames: Whether each prediction has the number of its image, `frame`, from 0 on.
  package init(isNormalized: Bool, numbersFrames: Bool) {
    self.isNormalized = isNormalized
    self.numbersFrames = numbersFrames
    imageWriter.beginArray()
    predictionWriter.beginArray()
  }

  /// The bytes so far.
  package var byteCount: Int { images.count + predictions.count }

  /// Adds the results of an image; `map` is the member that holds the map of a dense task.
  package mutating func append(_ image: Results, map: JSONMember? = nil) {
    let scale = ResultScale(size: image.imageSize, isNormalized: isNormalized)
    imageWriter.beginObject()
    imageWriter.key("results")
    imageWriter.beginArray()
    if let classification = image.classification {
      for score in classification.top5 {
        write(score.classIndex, score.className, score.confidence) { _ in }
      }
    } else if image.task.isDense {
      for ratio in image.classRatios {
        imageWriter.pixels(of: ratio)
        predictionWriter.beginObject()
        predictionWriter.key("class")
        predictionWriter.string(ratio.className)
        predictionWriter.key("classId")
        predictionWriter.integer(ratio.classIndex)
        predictionWriter.key("pixel_ratio")
        predictionWriter.number(ratio.roundedRatio)
        numberFrame()
        predictionWriter.endObject()
      }
    } else {
      for instance in image.instances {
        write(instance.classIndex, instance.className, instance.confidence) {
          $0.geometry(instance.geometry, scale: scale)
        }
      }
    }
    imageWriter.endArray()
    imageWriter.key("shape")
    imageWriter.beginArray()
    imageWriter.integer(image.imageSize.height)
    imageWriter.integer(image.imageSize.width)
    imageWriter.endArray()
    imageWriter.key("speed")
    imageWriter.beginObject()
    for (key, time) in [
      ("preprocess", image.speed.preprocess), ("inference", image.speed.inference),
      ("postprocess", image.speed.postprocess),
    ] {
      imageWriter.key(key)
      imageWriter.number(DecimalRounding.round(time, decimals: 3))
    }
    imageWriter.endObject()
    if let map {
      imageWriter.key(map.key)
      imageWriter.value(map.value)
    }
    imageWriter.endObject()
    images += imageWriter.takeBytes()
    predictions += predictionWriter.takeBytes()
    imageCount += 1
  }

  /// Closes the report and returns its bytes; nothing may be added after that.
  package mutating func finish(metadata: [JSONMember]) -> [UInt8] {
    imageWriter.endArray()
    predictionWriter.endArray()
    var end = JSONWriter()
    end.value(.object(metadata))
    return Array(#"{"success":true,"predictions":"#.utf8) + predictions
      + predictionWriter.takeBytes() + Array(#","images":"#.utf8) + images
      + imageWriter.takeBytes() + Array(#","metadata":"#.utf8) + end.takeBytes()
      + [UInt8(ascii: "}")]
  }

  /// Writes an instance into both lists.
  private mutating func write(
    _ classIndex: Int, _ name: String, _ confidence: Float,
    _ geometry: (inout JSONWriter) -> Void
  ) {
    imageWriter.beginObject()
    imageWriter.members(classIndex: classIndex, name: name, confidence: confidence)
    geometry(&imageWriter)
    imageWriter.endObject()
    predictionWriter.beginObject()
    predictionWriter.key("class")
    predictionWriter.string(name)
    predictionWriter.key("classId")
    predictionWriter.integer(classIndex)
    predictionWriter.key("confidence")
    predictionWriter.number(ResultScale.rounded(confidence))
    geometry(&predictionWriter)
    numberFrame()
    predictionWriter.endObject()
  }

  private mutating func numberFrame() {
    guard numbersFrames else { return }
    predictionWriter.key("frame")
    predictionWriter.integer(imageCount)
  }
}

extension JSONWriter {
  /// Writes `box`, and `segments` or `keypoints` where there are some.
  fileprivate mutating func geometry(_ geometry: Geometry, scale: ResultScale) {
    switch geometry {
    case .box(let box): corners(box, scale: scale)
    case .mask(let box, _, let outline), .outline(let box, let outline):
      corners(box, scale: scale)
      key("segments")
      beginObject()
      members(outline.points, scale: scale)
      endObject()
    case .keypoints(let box, let keypoints):
      corners(box, scale: scale)
      key("keypoints")
      beginObject()
      let visibilities = keypoints.compactMap(\.visibility)
      if visibilities.count == keypoints.count {
        key("visible")
        array(visibilities, ResultScale.arrayRounded)
      }
      members(keypoints.map(\.point), scale: scale)
      endObject()
    case .orientedBox(let box): corners(box.corners, scale: scale)
    }
  }

  private mutating func corners(_ box: Box, scale: ResultScale) {
    corners([Point(x: box.x1, y: box.y1), Point(x: box.x2, y: box.y2)], scale: scale)
  }

  /// Writes `"box":{"x1":…,"y1":…,"x2":…,"y2":…}`, for four corners up to `y4`.
  private mutating func corners(_ corners: [Point], scale: ResultScale) {
    key("box")
    beginObject()
    for (index, corner) in corners.enumerated() {
      key("x\(index + 1)")
      number(scale.x(corner.x))
      key("y\(index + 1)")
      number(scale.y(corner.y))
    }
    endObject()
  }
}
