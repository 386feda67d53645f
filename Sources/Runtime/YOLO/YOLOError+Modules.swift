package import YOLOGraph
import YOLOModels
public import YOLOOptions
public import YOLOWeights

/// How the errors of the inner modules become this module's.
extension YOLOError {
  /// Creates an error of one about a weight file.
  public init(_ error: WeightError) {
    switch error {
    case .unreadableFile: self.init(.unreadable, "\(error)")
    case .unwritableFile: self.init(.unwritable, "\(error)")
    default: self.init(.checkpoint, "\(error)")
    }
  }

  init(_ error: ModelError, in file: String) {
    switch error {
    case .weights(let error): self.init(error)
    default: self.init(.model, "\(file): \(error)")
    }
  }

  package init(_ error: GraphError) {
    switch error {
    case .tooLarge, .outOfMemory, .tooMuchWork: self.init(.tooLarge, "\(error)")
    default: self.init(.model, "\(error)")
    }
  }

  /// Creates an error of one about an option.
  public init(_ error: OptionError) { self.init(.option, "\(error)") }
}
