#if Server
package import YOLO

/// A model that stays loaded as long as this object lives, whatever happens to its file.
package final class ModelLease: Sendable {
  /// The model.
  package let model: Model
  /// The name of the model in answers.
  package let name: String
  /// The name of its file.
  package let fileName: String
  /// The task, as Ultralytics names it.
  package let task: String

  private let end: @Sendable () -> Void

  init(
    _ model: Model, name: String, fileName: String, task: String,
    end: @escaping @Sendable () -> Void
  ) {
    self.model = model
    self.name = name
    self.fileName = fileName
    self.task = task
    self.end = end
  }

  deinit { end() }
}
#endif
