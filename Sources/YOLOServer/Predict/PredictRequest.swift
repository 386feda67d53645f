#if Server
import YOLOOptions
import YOLOGeometry

/// What a form asks for, checked against ``PredictOption``.
///
/// Fields that are not known are ignored, as the hosted service did.
struct PredictRequest: Sendable {
  /// The model; nil if the form names none.
  let model: ModelReference?
  /// Thresholds and the input size.
  let options: PredictOptions
  /// Whether coordinates are shares of the image's width and height.
  let isNormalized: Bool
  /// Of a video every how many-th frame is predicted.
  let stride: Int

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
    let side = PredictOption.imageSize.defaultSide
    options = try PredictOptions(
      // As with the hosted service, whatever size the model was trained with.
      imageSize: reader.read(PredictOption.imageSize, older: "size")
        ?? Size(width: side, height: side),
      confidence: reader.read(PredictOption.confidence, older: "confidence")
        ?? PredictOption.confidence.defaultValue,
      iouThreshold: reader.read(PredictOption.iouThreshold)
        ?? PredictOption.iouThreshold.defaultValue,
      maxDetections: reader.read(PredictOption.maxDetections)
        ?? PredictOption.maxDetections.defaultValue,
      classes: reader.read(PredictOption.classes),
      isAgnostic: reader.read(PredictOption.agnostic) ?? PredictOption.agnostic.defaultValue,
      isRectangular: reader.read(PredictOption.rectangular)
        ?? PredictOption.rectangular.defaultValue,
      hasRetinaMasks: reader.read(PredictOption.retinaMasks)
        ?? PredictOption.retinaMasks.defaultValue)
    isNormalized =
      try reader.read(PredictOption.normalized) ?? PredictOption.normalized.defaultValue
    stride = try reader.read(PredictOption.videoStride) ?? PredictOption.videoStride.defaultValue
  }
}
#endif
