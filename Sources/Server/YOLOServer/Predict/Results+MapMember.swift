#if Server
import Foundation
import JSONText
import YOLO
import YOLOImageIO
import YOLOPostprocess

extension Results {
  /// The maximum level of a depth map's PNG, 16 bits a pixel.
  private static let maximumLevel: Float = 65535

  /// The map of a dense task as answers of Ultralytics Platform have it, a grayscale PNG in base64; nil
  /// of other tasks.
  ///
  /// `semantic_mask` has the class of each pixel, 255 for none. `depth` has 16 bits a pixel: the distance
  /// is the level times `max` divided by 65535, and a level of 0 is no distance.
  ///
  /// - Parameter limit: The maximum number of bytes of the text.
  /// - Returns: The member.
  /// - Throws: `ImageIOError.tooManyBytes` if it would have more.
  func mapMember(limit: Int) throws(ImageIOError) -> JSONMember? {
    if let classMap {
      let png = try ImageWriter.png(gray: classMap.classes, size: imageSize)
      return JSONMember("semantic_mask", .object(try members(of: png, limit: limit)))
    }
    guard let depthMap else { return nil }
    let range = depthMap.range()
    let scale = range.maximum > 0 ? Self.maximumLevel / range.maximum : 0
    var levels: [UInt8] = []
    levels.reserveCapacity(2 * depthMap.distances.count)
    for distance in depthMap.distances {
      let level = (distance * scale).rounded()
      // What is there is no 0, which stands for what is not.
      let bits = level.isFinite ? UInt16(level.clamped(to: 1...Self.maximumLevel)) : 0
      levels.append(UInt8(truncatingIfNeeded: bits >> 8))
      levels.append(UInt8(truncatingIfNeeded: bits))
    }
    let png = try ImageWriter.png(gray: levels, size: imageSize, isWide: true)
    func number(_ value: Float) -> JSONValue {
      value.isFinite ? .double(Double("\(value)") ?? Double(value)) : .int(0)
    }
    return JSONMember(
      "depth",
      .object(
        [JSONMember("bits", .int(16))] + (try members(of: png, limit: limit)) + [
          JSONMember("max", number(range.maximum)), JSONMember("min", number(range.minimum)),
        ]))
  }

  private func members(of png: [UInt8], limit: Int) throws(ImageIOError) -> [JSONMember] {
    let count = (png.count + 2) / 3 * 4
    guard count <= limit else {
      throw .tooManyBytes(source: "the map", count: count, maximum: limit)
    }
    return [
      JSONMember("data", .string(Data(png).base64EncodedString())),
      JSONMember("encoding", .string("png")),
      JSONMember("shape", .array([.int(imageSize.height), .int(imageSize.width)])),
    ]
  }
}

extension Float {
  fileprivate func clamped(to range: ClosedRange<Float>) -> Float {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}
#endif
