public import YOLOGraph
public import YOLOWeights

/// What makes a checkpoint's model impossible to run.
public enum ModelError: Error, CustomStringConvertible {
  /// The file is damaged, or its records do not fit together.
  case weights(WeightError)
  /// The modules do not fit together.
  case graph(GraphError)
  /// A module of a class that is not known.
  case unknownBlock(className: String, path: String, known: [String])
  /// A module with a setting that is not supported.
  case unsupported(path: String, setting: String, found: String, supported: String)
  /// A module with the wrong number of inputs.
  case inputCount(at: String, expected: Int, found: Int)
  /// A layer that reads from one that does not come before it.
  case invalidSource(layer: String, from: Int)
  /// A head without the branch that is asked for.
  case noBranch(head: String, branch: HeadBranch)
  /// A model whose last layer is not a head.
  case noHead(lastLayer: String, known: [String])

  /// Returns numbers of a file for a message: one as it is, the first of several.
  static func excerpt<Number>(_ numbers: [Number]) -> String {
    if numbers.count == 1 { return "\(numbers[0])" }
    return "[" + numbers.prefix(8).map { "\($0)" }.joined(separator: ", ")
      + (numbers.count > 8 ? ", … (\(numbers.count))]" : "]")
  }

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .weights(let error): "\(error)"
    case .graph(let error): "\(error)"
    case .unknownBlock(let className, let path, let known):
      "\(path) is a \(printable(className)), which is not known; known are \(known.joined(separator: ", "))"
    case .unsupported(let path, let setting, let found, let supported):
      "\(path): \(setting) is \(printable(found)); supported: \(supported)"
    case .inputCount(let path, let expected, let found):
      "\(path): expected \(expected) input(s), found \(found)"
    case .invalidSource(let layer, let from):
      "\(layer) reads from layer \(from), which does not come before it"
    case .noBranch(let head, let branch):
      switch branch {
      case .oneToOne:
        "\(head) has no branch that works without suppression (one2one_cv2); only dual heads, those "
          + "of YOLOv10 and YOLO26, have one"
      case .oneToMany: "\(head) has no box branch (cv2)"
      }
    case .noHead(let lastLayer, let known):
      "the last layer is of class \(printable(lastLayer)), which is not a known head; known are "
        + known.joined(separator: ", ")
    }
  }
}
