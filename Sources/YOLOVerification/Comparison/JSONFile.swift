import JSONText
import YOLODatasets

/// Reads files of one JSON value.
enum JSONFile {
  /// Reads a file.
  ///
  /// - Throws: `unreadable`, `tooLarge`, or `malformed` with the line for what is not JSON.
  static func read(_ path: String, maximumBytes: Int) throws(DatasetError) -> JSONValue {
    let bytes = try FileSystem.read(path, maximumBytes: maximumBytes)
    return try PredictionReader(path: path).parse(bytes[...], firstLine: 1)
  }
}
