import JSONText
import YOLOGeometry
import YOLOModels
import YOLOOptions

/// The options of a case: those of a prediction, by the names of `PredictOption`.
extension PredictOptions {
  private static let keys = [
    PredictOption.imageSize.name, PredictOption.confidence.name, PredictOption.iouThreshold.name,
    PredictOption.maxDetections.name, PredictOption.classes.name, PredictOption.agnostic.name,
    PredictOption.rectangular.name, PredictOption.retinaMasks.name, PredictOption.suppression.name,
  ]

  /// Reads options, of which each may be left out, and the branch of a dual head.
  static func reading(
    _ field: CaseField
  ) throws(VerificationError) -> (options: PredictOptions, branch: HeadBranch) {
    let fields = try field.members(known: keys)
    let size = fields[PredictOption.imageSize.name]
    let confidence = try fields[PredictOption.confidence.name]?.number()
    let iouThreshold = try fields[PredictOption.iouThreshold.name]?.number()
    let maxDetections = try fields[PredictOption.maxDetections.name]?.integer()
    let classes = try fields[PredictOption.classes.name].map {
      (classes) throws(VerificationError) in
      var indices: Set<Int> = []
      for element in try classes.elements() { indices.insert(try element.integer()) }
      return indices
    }
    let isAgnostic = try fields[PredictOption.agnostic.name]?.boolean()
    let isRectangular = try fields[PredictOption.rectangular.name]?.boolean()
    let hasRetinaMasks = try fields[PredictOption.retinaMasks.name]?.boolean()
    let suppresses = try fields[PredictOption.suppression.name]?.boolean()
    let imageSize = try size.map { (size) throws(VerificationError) in try Self.size(size) }
    do throws(OptionError) {
      let options = try PredictOptions(
        imageSize: imageSize,
        confidence: confidence ?? PredictOption.confidence.defaultValue,
        iouThreshold: iouThreshold ?? PredictOption.iouThreshold.defaultValue,
        maxDetections: maxDetections ?? PredictOption.maxDetections.defaultValue,
        classes: classes, isAgnostic: isAgnostic ?? PredictOption.agnostic.defaultValue,
        isRectangular: isRectangular ?? PredictOption.rectangular.defaultValue,
        hasRetinaMasks: hasRetinaMasks ?? PredictOption.retinaMasks.defaultValue)
      return (
        options,
        suppresses ?? PredictOption.suppression.defaultValue ? .oneToMany : .oneToOne
      )
    } catch {
      throw .invalid(
        path: field.path, key: "\(field.key).\(error.option)", expected: error.expected,
        found: error.given)
    }
  }

  /// Reads a side, or a height and a width.
  private static func size(_ field: CaseField) throws(VerificationError) -> Size {
    let expected = PredictOption.imageSize.expected
    if let side = field.value.int { return Size(width: side, height: side) }
    guard let sides = field.value.elements, sides.count == 2, let height = sides[0].int,
      let width = sides[1].int
    else { throw field.invalid(expected) }
    return Size(width: width, height: height)
  }

  /// Returns the options as they are written.
  func json(branch: HeadBranch) -> JSONValue {
    var members: [JSONMember] = []
    if let imageSize {
      members.append(
        JSONMember(
          PredictOption.imageSize.name, .array([.int(imageSize.height), .int(imageSize.width)])))
    }
    members += [
      JSONMember(PredictOption.confidence.name, .double(confidence)),
      JSONMember(PredictOption.iouThreshold.name, .double(iouThreshold)),
      JSONMember(PredictOption.maxDetections.name, .int(maxDetections)),
    ]
    if let classes {
      members.append(
        JSONMember(PredictOption.classes.name, .array(classes.sorted().map { .int($0) })))
    }
    return .object(
      members + [
        JSONMember(PredictOption.agnostic.name, .bool(isAgnostic)),
        JSONMember(PredictOption.rectangular.name, .bool(isRectangular)),
        JSONMember(PredictOption.retinaMasks.name, .bool(hasRetinaMasks)),
        JSONMember(PredictOption.suppression.name, .bool(branch == .oneToMany)),
      ])
  }
}
