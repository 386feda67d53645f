#if Server
import YOLO
package import YOLOGeometry

/// A model of the directory, as it is shown.
package struct ModelListing: Sendable {
  /// What a model is ready for.
  package enum State: String, Sendable, Hashable {
    /// In memory.
    case loaded
    /// Loaded by the next request for it.
    case idle
    /// Not served; `fault` says why.
    case broken
  }

  /// The shortest name that requests may use.
  package let name: String
  /// The file's name.
  package let fileName: String
  /// What the model is; nil if it is broken.
  package let description: ModelDescription?
  /// What it is ready for.
  package let state: State
  /// What is wrong with the file; a model that is loaded is the last sound one then.
  package let fault: String?
  /// The memory that it takes, in bytes; names of one file share it.
  package let bytes: Int
}

/// What a model is, known without its being loaded.
package struct ModelDescription: Sendable {
  /// The task, as Ultralytics names it.
  package let task: String
  /// What the model calls its classes.
  package let names: ClassNames
  /// The size that images are fitted into if none is asked for.
  package let imageSize: Size

  init(_ model: Model) {
    task = model.task.rawValue
    names = model.names
    imageSize = model.defaultImageSize
  }
}
#endif
