package import JSONText

/// Reads files of one JSON value.
package enum JSONFile {
  /// Reads a file.
  ///
  /// - Throws: `unreadable`, `tooLarge`, or `malformed` with the line for what is not JSON.
  package static func read(_ path: String, maximumBytes: Int) throws(DatasetError) -> JSONValue {
    let bytes = try DatasetFiles.read(path, maximumBytes: maximumBytes)
    return try PredictionReader(path: path).parse(bytes[...], firstLine: 1)
  }
}
