public import YOLODatasets
public import YOLOImageIO

/// Why a dataset cannot be trained on.
public enum TrainingDataError: Error, Sendable {
  /// The dataset cannot be opened.
  case dataset(DatasetError)
  /// An image that the index has cannot be decoded any more.
  case image(ImageIOError)
  /// No image is left: all of them are damaged.
  case noUsableImages(path: String, split: String, faulty: Int, first: String)
  /// No image has a label.
  case noLabels(path: String, split: String, expected: String)
  /// The decoded images do not fit into the memory or onto the disk.
  case tooLittleSpace(what: String, needed: Int, available: Int)
  /// A setting has a value that the data or the task does not allow.
  case invalidSetting(name: String, value: String, expected: String)
}

extension TrainingDataError: CustomStringConvertible {
  /// One sentence that says what is wrong and where.
  public var description: String {
    switch self {
    case .dataset(let error): "\(error)"
    case .image(let error): "\(error)"
    case .noUsableImages(let path, let split, let faulty, let first):
      "\(path): none of the \(faulty) images of the \(split) part can be used; the first fault: "
        + first
    case .noLabels(let path, let split, let expected):
      "\(path): no image of the \(split) part has a label; that of the first one is expected in "
        + expected
    case .tooLittleSpace(let what, let needed, let available):
      "\(what) need \(Self.mebibytes(needed)), but \(Self.mebibytes(available)) are available; "
        + "use cache=false"
    case .invalidSetting(let name, let value, let expected):
      "\(name) must be \(expected), but it is \(value)"
    }
  }

  private static func mebibytes(_ bytes: Int) -> String { "\((bytes + 1 << 20 - 1) >> 20) MiB" }
}
