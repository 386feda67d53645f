public import Testing
public import YOLO
public import YOLOVerification

/// Expects a prediction to be the same as another one, as far as tolerances say.
///
/// Objects are paired by class and by the overlap of their boxes, so their order does not matter.
/// Where they differ, one issue says of each object which it is (class, confidence, box) and by how
/// much it is off, or that it is missing or not expected. Of semantic segmentation and depth the maps
/// are compared, too.
///
///     let results = try await model.predict(image)
///     expectPrediction(prediction, matches: earlier, within: Tolerances(box: 0.5))
///
/// - Parameters:
///   - prediction: The prediction.
///   - expected: What it must be.
///   - tolerances: How far they may be apart.
///   - comment: What else the issue says.
///   - sourceLocation: Where the issue is reported.
public func expectPrediction(
  _ prediction: Results, matches expected: Results, within tolerances: Tolerances = .standard,
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  record(
    PredictionCheck(prediction, against: expected.comparedObjects, within: tolerances),
    prediction.mapDifference(from: expected, within: tolerances), comment, sourceLocation)
}

/// Expects a prediction to have the objects of a file of predictions, such as `yolo predict
/// --format json` writes, read by `PredictionFile`.
///
/// Otherwise as `expectPrediction(_:matches:within:_:sourceLocation:)`.
public func expectPrediction(
  _ prediction: Results, matches expected: PredictedImage,
  within tolerances: Tolerances = .standard, _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  record(
    PredictionCheck(prediction, against: expected.objects, within: tolerances), nil, comment,
    sourceLocation)
}

/// Expects a prediction to have the objects of a golden case.
///
/// Objects that are so close to the case's confidence threshold that a tolerated difference decides
/// may be missing or extra. Otherwise as `expectPrediction(_:matches:within:_:sourceLocation:)`.
///
/// - Parameters:
///   - prediction: The prediction of the case's image by its options.
///   - expected: The case.
///   - tolerances: How far they may be apart; the tolerances of the case if nil.
///   - comment: What else the issue says.
///   - sourceLocation: Where the issue is reported.
public func expectPrediction(
  _ prediction: Results, matches expected: GoldenCase, within tolerances: Tolerances? = nil,
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  let map: MapDifference?
  do {
    map = try expected.mapDifference(of: prediction, within: tolerances)
  } catch {
    record(
      "the prediction cannot be compared", ["\(error)"], comment, sourceLocation)
    return
  }
  record(
    PredictionCheck(
      prediction, against: expected.expected, within: tolerances ?? expected.tolerances,
      threshold: expected.options.confidence), map, comment, sourceLocation)
}

/// Expects a model to give what a golden case says, its tensors included.
///
/// The issue names the first module whose tensor diverges, in the order in which modules run.
///
/// - Parameters:
///   - model: The model.
///   - path: The directory of the case, as `yolo record` makes it.
///   - comment: What else the issue says.
///   - sourceLocation: Where the issue is reported.
/// - Returns: What was compared.
/// - Throws: `VerificationError` where the case cannot be read or run.
@discardableResult
public func expectVerified(
  _ model: Model, against path: String, _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws(VerificationError) -> Verification {
  let verification = try Verification(model, on: try GoldenCase(contentsOf: path))
  if !verification.agrees {
    record(
      "\(path) is not the result of the model", verification.problems, comment, sourceLocation)
  }
  return verification
}

private func record(
  _ check: PredictionCheck, _ map: MapDifference?, _ comment: Comment?,
  _ sourceLocation: SourceLocation
) {
  let mapProblems = [map].compactMap(\.self).filter { !$0.agrees }.map { "\($0)" }
  guard !check.agrees || !mapProblems.isEmpty else { return }
  record(
    "the prediction of \(check.foundCount) objects is not the expected one of "
      + "\(check.expectedCount)", mapProblems + check.problems.map { "\($0)" }, comment,
    sourceLocation)
}

/// The maximum number of lines of an issue.
private let lineLimit = 20

private func record(
  _ title: String, _ problems: [String], _ comment: Comment?, _ sourceLocation: SourceLocation
) {
  var lines = ["\(title):"] + problems.prefix(lineLimit).map { "- \($0)" }
  if problems.count > lineLimit { lines.append("- and \(problems.count - lineLimit) more") }
  if let comment { lines.append(comment.rawValue) }
  Issue.record(Comment(rawValue: lines.joined(separator: "\n")), sourceLocation: sourceLocation)
}
