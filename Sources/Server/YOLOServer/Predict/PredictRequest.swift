#if Server
import YOLO
import YOLOOptions
import YOLOSystem

/// What a form asks for, checked against ``PredictOption``.
///
/// Fields that are not known are ignored, as the hosted service did.
struct PredictRequest: Sendable {
  /// The model; nil if neither the path nor the form names one.
  let model: ModelReference?
  /// The model that the form names besides the path; it must be the same.
  let repeatedModel: ModelReference?
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
    repeatedModel = nil
    // As with the hosted service, whatever size the model was trained with.
    options = .hosted
  }

  /// Reads the fields of a form.
  ///
  /// - Parameters:
  ///   - fields: The fields that are no file.
  ///   - pathModel: The model that the path names, if it does.
  /// - Throws: `APIError` of status 400 that names the argument, the value and the range.
  init(_ fields: [String: String], pathModel: ModelReference?) throws {
    let reader = FieldReader(fields: fields)
    let named = try reader.value(of: "model").map { try ModelReference(parsing: $0.text) }
    model = pathModel ?? named
    repeatedModel = pathModel == nil ? nil : named
    options = Self.standard.options
    for setting in Self.settings { try reader.read(setting, into: &self) }
  }
}

extension PredictRequest {
  /// The names that fields may have; parts of a form with other names are ignored.
  static let fieldNames = Set(
    ["model"] + settings.flatMap { [$0.name, $0.olderName].compactMap(\.self) })

  /// Refuses classes that the model does not have.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - given: The field as the form has it.
  /// - Throws: `APIError` of status 400.
  func checkClasses(of model: Model, given: String?) throws(APIError) {
    let last = model.classCount - 1
    guard let unknown = options.classes?.filter({ $0 > last }).min() else { return }
    let name = PredictOption.classes.name
    throw .invalidField(
      name, given: given?.excerpt(),
      expected: "class indices from 0 to \(last), the classes of this model",
      "\(name) must be from 0 to \(last), the classes of this model, but \(unknown) was given")
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
  /// Which API the answer is of.
  let style: ResponseStyle
}

/// Reads the fields of a form, some of which have an older name besides.
struct FieldReader {
  /// The fields by name.
  let fields: [String: String]

  /// Returns the text of a field and the name that it was given under; nil for none, or an empty
  /// one.
  func value(of name: String, older: String? = nil) throws(APIError) -> (
    text: String, name: String
  )? {
    let given = [name, older].compactMap(\.self).filter { fields[$0]?.isEmpty == false }
    guard given.count < 2 else {
      throw .invalidField(
        name, "\(given[0]) and \(given[1]) are names of the same argument; give one of them.")
    }
    guard let name = given.first, let text = fields[name] else { return nil }
    return (text, name)
  }

  /// Reads the field of an option, if it is given.
  ///
  /// - Throws: `APIError` of status 400, which calls the argument as the request did.
  func read<Root>(_ setting: Setting<Root>, into root: inout Root) throws(APIError) {
    guard let (text, name) = try value(of: setting.name, older: setting.olderName) else { return }
    do throws(OptionError) {
      try setting.read(text, into: &root)
    } catch {
      // As the request has it: the error may have the number that was read from it.
      let given = text.excerpt()
      throw .invalidField(
        name, given: given, expected: error.expected,
        "\(name) must be \(error.expected), but \"\(given)\" was given.")
    }
  }
}
#endif
