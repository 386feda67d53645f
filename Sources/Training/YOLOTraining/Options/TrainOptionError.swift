public import YOLOOptions
import YOLOSystem

/// Why arguments of a training are not accepted.
public enum TrainOptionError: Error, Sendable, Hashable {
  /// There is no argument of this name; the nearest one there is, or nil where none is near.
  case unknown(name: String, nearest: String?)
  /// The value is not one that the argument takes.
  case value(OptionError)
  /// The value is one that this trainer cannot do.
  case refused(name: String, given: String, reason: String)
  /// The argument has no value.
  case missingValue(name: String)
  /// What was given is no argument: neither `name=value` nor `--name value`.
  case notAnArgument(String)
  /// A file with arguments is not read; `line` counts from 1, nil if the file cannot be opened.
  case file(path: String, line: Int?, reason: String)
}

extension TrainOptionError: CustomStringConvertible {
  /// A sentence that says what is wrong and what was expected.
  public var description: String {
    switch self {
    case .unknown(let name, let nearest):
      "There is no argument \"\(name)\"" + (nearest.map { "; did you mean \($0)?" } ?? ".")
    case .value(let error): error.description
    case .refused(let name, let given, let reason): "\(name)=\(given) is refused: \(reason)."
    case .missingValue(let name): "\(name) has no value."
    case .notAnArgument(let text):
      "\"\(text)\" is no argument: write name=value or --name value."
    case .file(let path, let line, let reason):
      "\(path.sanitized())\(line.map { ", line \($0)" } ?? ""): \(reason)."
    }
  }
}
