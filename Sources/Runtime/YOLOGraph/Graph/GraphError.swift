/// What makes a network impossible to build or to plan.
public enum GraphError: Error, Equatable, CustomStringConvertible {
  /// An input that has another number of channels than the module's weights.
  case channelMismatch(at: String, expected: Int, found: Int)
  /// Channels that cannot be cut into equal parts.
  case unevenSplit(at: String, channels: Int, parts: Int)
  /// Inputs whose heights or widths differ.
  case shapeMismatch(at: String, shapes: [Shape])
  /// Pixels that cannot be cut into equal areas.
  case unevenAreas(at: String, height: Int, width: Int, areas: Int)
  /// Fewer pixels than are to be picked.
  case tooFewPixels(at: String, expected: Int, found: Int)
  /// An input too small for the network: an output without pixels.
  case emptyOutput(at: String, height: Int, width: Int)
  /// More memory than a session may have.
  case tooLarge(bytes: Int, limit: Int)
  /// Memory that the system does not have.
  case outOfMemory(bytes: Int)
  /// More work, or more operations, than a network may need.
  case tooMuchWork(at: String, what: String, limit: Int)
  /// More channels, rows or columns than an activation may have.
  case limitExceeded(at: String, what: String, limit: Int)
  /// An operation that has no gradient here.
  case untrainable(at: String, operation: String)
  /// A path that no module has.
  case unknownModule(String)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .channelMismatch(let path, let expected, let found):
      "\(path): expected an input of \(expected) channels, found \(found)"
    case .unevenSplit(let path, let channels, let parts):
      "\(path): \(channels) channels cannot be split into \(parts) equal parts"
    case .shapeMismatch(let path, let shapes):
      "\(path): inputs of different sizes [height, width]: "
        + shapes.prefix(8).map { "[\($0.height), \($0.width)]" }.joined(separator: ", ")
        + (shapes.count > 8 ? ", …" : "")
    case .unevenAreas(let path, let height, let width, let areas):
      "\(path): \(height)×\(width) pixels cannot be cut into \(areas) equal areas; "
        + "choose an imgsz that gives a multiple of \(areas)"
    case .tooFewPixels(let path, let expected, let found):
      "\(path): \(expected) queries are to be picked of \(found) pixels; choose a larger imgsz"
    case .emptyOutput(let path, let height, let width):
      "\(path): an input of \(height)×\(width) pixels is too small for the window"
    case .tooLarge(let bytes, let limit):
      "activations, scratch memory and weights would take \(bytes >> 20) MiB; "
        + "the limit is \(limit >> 20) MiB"
    case .outOfMemory(let bytes):
      "the system has no \(bytes >> 20) MiB of memory for the network"
    case .tooMuchWork(let path, let what, let limit):
      "\(path): the network would need more than \(limit) \(what)"
    case .limitExceeded(let path, let what, let limit):
      "\(path): the output would have more than \(limit) \(what)"
    case .untrainable(let path, let operation):
      "\(path): \(operation) cannot be trained here"
    case .unknownModule(let path):
      "the network has no module “\(path)” that gives an output; yolo info --layers lists those that do"
    }
  }
}
