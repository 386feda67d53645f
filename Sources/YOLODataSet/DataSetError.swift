/// What is wrong with a data set, its description, its folders or a label, or with predictions.
public enum DataSetError: Error, Sendable, Hashable {
  /// A file or folder cannot be opened.
  case unreadable(path: String, reason: String)
  /// Something is larger than any real data set needs.
  case tooLarge(path: String, what: String, maximum: Int)
  /// The description is not YAML, or of a part of YAML that is not read.
  case malformed(path: String, line: Int, reason: String)
  /// The description lacks a key.
  case missingKey(path: String, key: String, expected: String)
  /// A key of the description has another value than expected.
  case invalidValue(path: String, line: Int, key: String, expected: String, found: String)
  /// The data set has no such part.
  case missingSplit(path: String, split: String, present: [String])
  /// A folder or list names no pictures.
  case noPictures(path: String, suffixes: [String])
  /// A row of a label file is not what the task needs; lines count from 1.
  case invalidLabel(path: String, line: Int, expected: String, found: String)
  /// A picture is smaller than those that the reference validates on.
  case pictureTooSmall(path: String, width: Int, height: Int, least: Int)
  /// A file of predictions has another value than expected at a place of its JSON.
  case invalidPrediction(path: String, at: String, expected: String)
}

extension DataSetError: CustomStringConvertible {
  /// One sentence that says what is wrong and where.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
    case .tooLarge(let path, let what, let maximum):
      "\(path) is too large: \(what), at most \(maximum)"
    case .malformed(let path, let line, let reason): "\(path), line \(line): \(reason)"
    case .missingKey(let path, let key, let expected):
      "\(path): the key \(key) is missing; it gives \(expected)"
    case .invalidValue(let path, let line, let key, let expected, let found):
      "\(path), line \(line): \(key) must be \(expected), but it is \(found)"
    case .missingSplit(let path, let split, let present):
      "\(path) has no \(split) part"
        + (present.isEmpty ? "" : "; there is \(present.joined(separator: ", "))")
    case .noPictures(let path, let suffixes):
      "\(path) names no pictures; looked for files that end in "
        + suffixes.map { ".\($0)" }.joined(separator: ", ")
    case .invalidLabel(let path, let line, let expected, let found):
      "\(path), line \(line): expected \(expected), found \(found)"
    case .pictureTooSmall(let path, let width, let height, let least):
      "\(path) has \(width) x \(height) pixels; both must be \(least) at least"
    case .invalidPrediction(let path, let place, let expected):
      "\(path): \(place) must be \(expected)"
    }
  }
}
