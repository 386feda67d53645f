/// The entries of a safetensors file's metadata that make it a model.
///
/// All but `format`, `producer` and `task` hold JSON.
enum MetadataKey: String {
  /// The version of this arrangement.
  case format = "yolo.format"
  /// The program that wrote the file.
  case producer = "yolo.producer"
  /// The task, if it is known.
  case task = "yolo.task"
  /// The class names by id.
  case names = "yolo.names"
  /// The strides of the output levels.
  case strides = "yolo.stride"
  /// The height and width of the training, or null.
  case imageSize = "yolo.imgsz"
  /// The arguments of the training.
  case arguments = "yolo.train_args"
  /// What the checkpoint said about its making.
  case description = "yolo.description"
  /// The module records.
  case architecture = "yolo.architecture"

  /// The version that is written and read.
  static let currentFormat = "1"
}
