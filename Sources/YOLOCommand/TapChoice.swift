public import ArgumentParser
import YOLO
import YOLOModels

/// The modules whose outputs are wanted, as an option names them.
enum TapChoice: ExpressibleByArgument, Hashable {
  /// Those that the head's findings are read from.
  case heads
  /// The top-level modules.
  case layers
  /// Every module that inference computes as one.
  case blocks
  /// Every module that runs.
  case all
  /// Modules by path.
  case paths([String])

  init?(argument: String) {
    switch argument {
    case "heads": self = .heads
    case "layers": self = .layers
    case "blocks": self = .blocks
    case "all": self = .all
    default:
      let paths = argument.split(separator: ",").map { String($0) }
      guard !paths.isEmpty else { return nil }
      self = .paths(paths)
    }
  }

  var defaultValueDescription: String {
    switch self {
    case .heads: "heads"
    case .layers: "layers"
    case .blocks: "blocks"
    case .all: "all"
    case .paths(let paths): paths.joined(separator: ",")
    }
  }

  /// Returns the paths of a model's modules that are meant, in the order in which they run; those
  /// given by path in the order in which they were given.
  func paths(of model: Model) throws(YOLOError) -> [String] {
    switch self {
    case .heads: return model.headPaths
    case .layers: return model.network.layers.map(\.path)
    case .blocks: return model.network.graph.blockPaths
    case .all: return try model.modulePaths()
    case .paths(let paths): return paths
    }
  }
}
