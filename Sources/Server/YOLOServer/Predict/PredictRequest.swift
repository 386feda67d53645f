#if Server
import YOLOOptions

/// What a form asks for, checked against ``PredictOption``.
///
/// Fields that are not known are ignored, as the hosted service did.
struct PredictRequest: Sendable {
  /// The model; nil if the form names none.
  let model: ModelReference?
  /// Thresholds and the input size.
  private(set) var options: PredictOptions
  /// Whether coordinates are fractions of the image's width and height.
  private(set) var isNormalized = PredictOption.normalized.defaultValue
  /// Of a video every how many-th frame is predicted.
  private(set) var stride = PredictOption.videoStride.defaultValue

  /// What a form without fields asks for.
  static let standard = PredictRequest()

  private init() {
    model = nil
    // As with the hosted service, whatever size the model was trained with.
    options = .hosted
  }

  /// Reads the fields of a form.
  ///
  /// - Parameters:
  ///   - fields: The fields that are no file.
  ///   - pathModel: The model that the path names, if it does; it wins over the form's.
  /// - Throws: `APIError` of status 400 that names the argument, the value and the range.
  init(_ fields: [String: String], pathModel: String?) throws {
    let reader = FieldReader(fields: fields)
    if let name = try pathModel ?? reader.value(of: "model")?.text {
      model = try ModelReference(parsing: name)
    } else {
      model = nil
    }
    options = Self.standard.options
    for setting in Self.settings { try reader.read(setting, into: &self) }
  }
}

extension PredictRequest: SettingsTable {
  /// The fields besides the file and the model, which the OpenAPI document has as well.
  static let settings: [Setting<PredictRequest>] =
    PredictOptions.settings.map { $0.hosted.inside(\.options) } + [
      Setting(PredictOption.normalized, at: \.isNormalized),
      Setting(PredictOption.videoStride, at: \.stride),
    ]
}

/// A request that was received wholly, and is to be predicted.
struct PredictCall: Sendable {
  /// The form; it holds the file's reservation in the upload budget.
  let form: UploadForm
  /// What the form asks for.
  let asked: PredictRequest
  /// The model.
  let lease: ModelLease
  /// Whether anybody waits for the answer.
  let presence: DisconnectMonitor
  /// What the answer tells about itself.
  let metadata: ResponseMetadata
}
#endif
