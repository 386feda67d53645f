#if Server
import YOLO
package import YOLOGeometry

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
