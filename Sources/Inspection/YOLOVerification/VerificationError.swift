public import YOLO
public import YOLODatasets
public import YOLOGeometry
public import YOLOImageIO

/// Why a golden case cannot be read, made or run.
public enum VerificationError: Error, Sendable, Hashable {
  /// A file that cannot be opened, is too large or is not JSON, or expected predictions that are
  /// none.
  case file(DatasetError)
  /// The image cannot be read, or a file of a case cannot be written.
  case image(ImageIOError)
  /// The model cannot run the case.
  case model(YOLOError)
  /// A key of `case.json` has another value than expected.
  case invalid(path: String, key: String, expected: String, found: String)
  /// A case of a format that this release does not know.
  case newerFormat(path: String, version: Int, supported: Int)
  /// A tensor is not the array that is expected.
  case tensor(path: String, reason: String)
  /// The expected predictions are not those of one image by the case's task.
  case expectation(path: String, reason: String)
  /// A model of another task than the case's.
  case otherTask(path: String, expected: VisionTask, found: VisionTask)
  /// A case would be overwritten.
  case exists(path: String, reason: String)
  /// A directory that neither is a case nor has cases in it.
  case noCases(path: String)
  /// A directory cannot be made, renamed or removed.
  case unwritable(path: String, reason: String)
}

extension VerificationError: CustomStringConvertible {
  /// One sentence that says what is wrong and where.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .image(let error): "\(error)"
    case .model(let error): "\(error)"
    case .invalid(let path, let key, let expected, let found):
      "\(path): \(key) must be \(expected), but it is \(found)"
    case .newerFormat(let path, let version, let supported):
      "\(path): version is \(version), but this release reads \(supported) at most"
    case .tensor(let path, let reason): "\(path): \(reason)"
    case .expectation(let path, let reason): "\(path): \(reason)"
    case .otherTask(let path, let expected, let found):
      "\(path) is a case of the task \(expected), but the model's task is \(found)"
    case .exists(let path, let reason): "\(path) \(reason)"
    case .noCases(let path):
      "\(path) is no golden case, and no directory in it is one: there is no \(GoldenCase.fileName)"
    case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
    }
  }
}
