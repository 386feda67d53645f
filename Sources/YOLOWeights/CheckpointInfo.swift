/// What a checkpoint says about its own making.
///
/// Nothing of it changes a prediction.
public struct CheckpointInfo: Sendable, Equatable {
  /// The kind of file it was read from.
  public var format: FileFormat = .zip
  /// Which object of the file the model is: `ema`, `model` or `root`.
  public var selected = ""
  /// The architecture's file, such as `yolov8n.yaml`.
  public var yamlFile: String?
  /// The size letter of the architecture, such as `n`.
  public var scale: String?
  /// When it was saved, ISO 8601.
  public var date: String?
  /// The release of Ultralytics that saved it.
  public var version: String?
  /// The license that it states.
  public var license: String?
  /// The address of its documentation.
  public var docs: String?
  /// The last epoch of its training, counted from 0; -1 for a finished one.
  public var epoch: Int?
  /// The program that wrote the safetensors file.
  public var producer: String?

  /// Creates an empty description.
  public init() {}
}
