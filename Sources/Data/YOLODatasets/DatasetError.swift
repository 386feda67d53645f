public import YOLOGeometry

/// What is wrong with a dataset, its description, its directories or a label, or with predictions.
public enum DatasetError: Error, Sendable, Hashable {
  /// A file or directory cannot be opened.
  case unreadable(path: String, reason: String)
  /// Something is larger than any real dataset needs.
  case tooLarge(path: String, what: String, maximum: Int)
  /// The description is not YAML, or of a part of YAML that is not read.
  case malformed(path: String, line: Int, reason: String)
  /// The description lacks a key.
  case missingKey(path: String, key: String, expected: String)
  /// A key of the description has another value than expected.
  case invalidValue(path: String, line: Int, key: String, expected: String, found: String)
  /// The dataset has no such part.
  case missingSplit(path: String, split: String, present: [String])
  /// A directory or list names no images.
  case noImages(path: String, suffixes: [String])
  /// A row of a label file is not what the task needs; lines count from 1.
  case invalidLabel(path: String, line: Int, expected: String, found: String)
  /// An image is smaller than those that Ultralytics validates on.
  case imageTooSmall(path: String, width: Int, height: Int, least: Int)
  /// A file of predictions has another value than expected at a place of its JSON.
  case invalidPrediction(path: String, at: String, expected: String)
  /// Labels for the task, a value for each pixel, are not read.
  case unsupportedTask(path: String, task: VisionTask)
  /// A file is of a format that is not read; the reason says what is read instead.
  case unsupportedFormat(path: String, reason: String)
}

extension DatasetError {
  /// The file or directory that is not what it should be.
  public var path: String {
    switch self {
    case .unreadable(let path, _), .tooLarge(let path, _, _), .malformed(let path, _, _),
      .missingKey(let path, _, _), .invalidValue(let path, _, _, _, _),
      .missingSplit(let path, _, _), .noImages(let path, _), .invalidLabel(let path, _, _, _),
      .imageTooSmall(let path, _, _, _), .invalidPrediction(let path, _, _),
      .unsupportedTask(let path, _), .unsupportedFormat(let path, _):
      path
    }
  }

  /// The line in it, which counts from 1; nil where it is the file as a whole.
  public var line: Int? {
    switch self {
    case .malformed(_, let line, _), .invalidLabel(_, let line, _, _): line
    case .invalidValue(_, let line, _, _, _): line > 0 ? line : nil
    case .unreadable, .tooLarge, .missingKey, .missingSplit, .noImages, .imageTooSmall,
      .invalidPrediction, .unsupportedTask, .unsupportedFormat:
      nil
    }
  }
}

extension DatasetError: CustomStringConvertible {
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
    case .noImages(let path, let suffixes):
      "\(path) names no images; looked for files that end in "
        + suffixes.map { ".\($0)" }.joined(separator: ", ")
    case .invalidLabel(let path, let line, let expected, let found):
      "\(path), line \(line): expected \(expected), found \(found)"
    case .imageTooSmall(let path, let width, let height, let least):
      "\(path) has \(width) x \(height) pixels; both must be \(least) at least"
    case .invalidPrediction(let path, let position, let expected):
      "\(path): \(position) must be \(expected)"
    case .unsupportedTask(let path, let task):
      "\(path): datasets for \(task.rawValue), whose labels are images, are not read; those of "
        + VisionTask.labeled.map(\.rawValue).joined(separator: ", ") + " are"
    case .unsupportedFormat(let path, let reason): "\(path): \(reason)"
    }
  }
}
