import JSONText
public import YOLODatasets
import YOLOGeometry

/// Reads files of predictions.
///
/// The forms are those that `yolo predict` and the services write: the answer of the HUB inference
/// API with its `images`, one such image a line, the answer with `predictions`, and the bare list
/// of objects of Ultralytics' `to_json`.
public enum PredictionFile {
  /// The maximum number of bytes of a file.
  public static let maximumBytes = 1 << 30

  /// Reads the images of a file in their order.
  ///
  /// - Throws: `unreadable`, `tooLarge`, `malformed` for what is not JSON, or `invalidPrediction`
  ///   with the position in the JSON.
  public static func read(_ path: String) throws(DatasetError) -> [PredictedImage] {
    let bytes = try DatasetFiles.read(path, maximumBytes: maximumBytes)
    let reader = PredictionReader(path: path)
    let newline = UInt8(ascii: "\n")
    let lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
    let filled = lines.enumerated().filter { _, line in line.contains { $0 > 0x20 } }
    if filled.count > 1,
      filled.allSatisfy({ $1.first == UInt8(ascii: "{") && $1.contains(UInt8(ascii: "}")) })
    {
      var images: [PredictedImage] = []
      for (index, line) in filled {
        let value = try reader.parse(line, firstLine: index + 1)
        images.append(try reader.image(value, at: "line \(index + 1)"))
      }
      return images
    }
    return try reader.images(try reader.parse(bytes[...], firstLine: 1))
  }
}

/// The prediction of an image, as a file has it.
public struct PredictedImage: Sendable, Hashable {
  /// What the file calls the image; nil if it does not.
  public let source: String?
  /// What was found.
  public let objects: [ComparedObject]

  /// Creates a prediction.
  public init(source: String?, objects: [ComparedObject]) {
    self.source = source
    self.objects = objects
  }
}

/// Reads files of one JSON value.
enum JSONFile {
  /// Reads a file.
  ///
  /// - Throws: `unreadable`, `tooLarge`, or `malformed` with the line for what is not JSON.
  static func read(_ path: String, maximumBytes: Int) throws(DatasetError) -> JSONValue {
    let bytes = try DatasetFiles.read(path, maximumBytes: maximumBytes)
    return try PredictionReader(path: path).parse(bytes[...], firstLine: 1)
  }
}
