package import YOLOSystem

/// What is wrong with a weight file, or with what was asked of it.
///
/// Every case names the file and the place inside it: the archive entry, the module path
/// (`model.2.m.0`) or the tensor key (`model.0.conv.weight`).
public enum WeightError: Error, Sendable, Equatable {
  /// The file cannot be opened, measured or mapped.
  case unreadableFile(file: String, reason: String)
  /// The file cannot be written.
  case unwritableFile(file: String, reason: String)
  /// The content is of a kind that is not read, as told from its bytes.
  case unsupportedFormat(file: String, found: FileFormat)
  /// The ZIP container breaks its format; `entry` is nil when no entry is to blame.
  case invalidArchive(file: String, entry: String?, reason: String)
  /// The pickle stream breaks its format at byte `offset` of `entry`.
  case invalidPickle(file: String, entry: String, offset: Int, reason: String)
  /// The pickle stream names a Python object outside the allow list, such as `os.system`.
  case forbiddenGlobal(file: String, entry: String, name: String)
  /// The safetensors header breaks its format; `key` is the tensor or metadata key to blame.
  case invalidHeader(file: String, key: String?, reason: String)
  /// Something is larger than any real checkpoint needs.
  case limitExceeded(file: String, at: String, what: String, limit: Int)
  /// The file is well formed but holds no usable model.
  case invalidModel(file: String, at: String, reason: String)
  /// A tensor's type, shape, strides or bytes do not fit together.
  case invalidTensor(file: String, tensor: String, reason: String)
  /// A module record lacks an attribute.
  case missingAttribute(file: String, record: String, key: String, expected: String)
  /// A module record's attribute has another type or value than expected.
  case unexpectedAttribute(
    file: String, record: String, key: String, expected: String, found: String)
  /// A module record lacks a child module.
  case missingChild(file: String, record: String, key: String)
  /// A module record lacks a parameter or buffer.
  case missingTensor(file: String, tensor: String, expected: [Int])
  /// A parameter or buffer has another shape than its layer needs.
  case shapeMismatch(file: String, tensor: String, expected: [Int], found: [Int])
}

extension WeightError: CustomStringConvertible {
  /// One sentence that says what is wrong and where.
  public var description: String {
    switch self {
    case .unreadableFile(let file, let reason):
      "\(printable(file)) cannot be read: \(reason)"
    case .unwritableFile(let file, let reason):
      "\(printable(file)) cannot be written: \(reason)"
    case .unsupportedFormat(let file, let found):
      "\(printable(file)) is \(found), not an Ultralytics .pt checkpoint or a safetensors file"
        + (found.advice.map { "; \($0)" } ?? "")
    case .invalidArchive(let file, let entry, let reason):
      "\(place(file, entry)): damaged or unsupported ZIP archive: \(reason)"
    case .invalidPickle(let file, let entry, let offset, let reason):
      "\(place(file, entry)): damaged or unsupported pickle at byte \(offset): \(reason)"
    case .forbiddenGlobal(let file, let entry, let name):
      "\(place(file, entry)) refers to the Python object \(printable(name)), "
        + ForeignObject(name).explanation
    case .invalidHeader(let file, let key, let reason):
      "\(place(file, key)): damaged or unsupported safetensors header: \(reason)"
    case .limitExceeded(let file, let entry, let what, let limit):
      "\(place(file, entry)) has too much of one thing: \(what), at most \(limit)"
    case .invalidModel(let file, let path, let reason):
      "\(place(file, path)): \(reason)"
    case .invalidTensor(let file, let tensor, let reason):
      "\(place(file, tensor)): unusable tensor: \(reason)"
    case .missingAttribute(let file, let record, let key, let expected):
      "\(place(file, record)) has no attribute \(printable(key)) (expected \(expected))"
    case .unexpectedAttribute(let file, let record, let key, let expected, let found):
      "\(place(file, record)): attribute \(printable(key)) should be \(expected) "
        + "but is \(printable(found))"
    case .missingChild(let file, let record, let key):
      "\(place(file, record)) has no child module \(printable(key))"
    case .missingTensor(let file, let tensor, let expected):
      "\(place(file, tensor)): tensor missing (expected shape \(expected))"
    case .shapeMismatch(let file, let tensor, let expected, let found):
      "\(place(file, tensor)): tensor has shape \(found) but the layer needs \(expected)"
    }
  }

  private func place(_ file: String, _ inner: String?) -> String {
    guard let inner, !inner.isEmpty else { return printable(file) }
    return "\(printable(file)): \(printable(inner))"
  }
}

extension WeightError {
  /// Creates the error of a file that could not be opened for reading.
  package init(reading error: FileError) {
    self =
      error.reason == .empty
      ? .unsupportedFormat(file: error.path, found: .empty)
      : .unreadableFile(file: error.path, reason: error.message)
  }

  /// Creates the error of a file that could not be written.
  init(writing error: FileError) {
    self = .unwritableFile(file: error.path, reason: error.message)
  }
}

/// Returns text from a file made fit for a message: control characters escaped, length bounded.
package func printable(_ text: String) -> String { text.escapingControls() }

/// A tensor whose shape is not the one its layer needs.
public struct ShapeMismatch: Sendable, Hashable {
  /// The key of the tensor, such as `model.0.conv.weight`.
  public let key: String
  /// The shape that the layer needs.
  public let expected: [Int]
  /// The shape in the file.
  public let found: [Int]

  /// Creates a mismatch.
  public init(key: String, expected: [Int], found: [Int]) {
    self.key = key
    self.expected = expected
    self.found = found
  }
}

/// A Python object that a checkpoint names and that is not read.
private struct ForeignObject {
  /// Why the file is refused, as the end of a sentence that names the object.
  let explanation: String

  /// What gives a program the means to run others, to open files or to import code, none of which
  /// belongs in a checkpoint.
  private static let means: Set<String> = [
    "", "os", "posix", "nt", "posixpath", "subprocess", "sys", "builtins", "__builtin__",
    "importlib", "runpy", "socket", "shutil", "ctypes", "pty", "webbrowser", "code", "pickle",
    "marshal", "operator", "urllib", "requests", "http", "ftplib", "smtplib", "multiprocessing",
    "threading", "signal", "platform", "tempfile", "io", "codecs", "pdb", "timeit", "cProfile",
  ]

  init(_ name: String) {
    let package = String(name.prefix { $0 != "." })
    switch package {
    case "utils":
      explanation =
        "which belongs to the original repository of YOLOv5, YOLOv7 or YOLOv9: of such files the "
        + "models are read, not what else a training leaves; strip the file there first"
    case "modelopt":
      explanation =
        "a module that NVIDIA ModelOpt quantized: such files are not run; use the checkpoint before "
        + "quantization"
    case "torch"
    where ["torch.fx.", "torch.jit.", "torch._inductor."].contains(where: name.hasPrefix):
      explanation =
        "a module that torch compiled or traced: such files are not run; use the checkpoint that it "
        + "was made of"
    case _ where Self.means.contains(package) || package == "torch":
      explanation = "which no YOLO checkpoint needs; the file is refused"
    default:
      explanation =
        "which belongs to neither Ultralytics nor torch: its code is not part of the file, and what "
        + "it would do to the results is unknown; the file is refused"
    }
  }
}
