import YOLOGeometry
import YOLOOptions

/// The options of `yolo predict` on what is read and how it is printed.
struct ReadingOptions: SettingsTable {
  /// Of how many frames of a video one is looked at.
  var stride = PredictOption.videoStride.defaultValue
  /// Whether coordinates are fractions of the image's width and height.
  var isNormalized = PredictOption.normalized.defaultValue

  static let settings: [Setting<ReadingOptions>] = [
    Setting(PredictOption.videoStride, at: \.stride),
    Setting(PredictOption.normalized, at: \.isNormalized),
  ]
}

/// The input size of commands that predict nothing, or nothing whose results matter.
struct InputSizeOptions: SettingsTable {
  /// The size that images are fitted into; nil for the model's own.
  var imageSize: Size?

  static let settings: [Setting<InputSizeOptions>] = [
    Setting(PredictOption.imageSize, ifGivenAt: \.imageSize)
  ]
}

extension SettingArguments<ReadingOptions> {
  /// Reads and checks the options.
  func options() throws -> ReadingOptions {
    var options = ReadingOptions()
    try apply(to: &options)
    return options
  }
}

extension SettingArguments<InputSizeOptions> {
  /// Reads and checks the size; nil for the model's own.
  func imageSize() throws -> Size? {
    var options = InputSizeOptions()
    try apply(to: &options)
    return options.imageSize
  }
}
