import JSONText

extension Tolerances {
  private static let keys = [
    "box", "confidence", "keypoint", "outline", "tensor", "classes", "depth",
  ]

  /// Reads tolerances; what is left out is the standard.
  static func reading(_ field: CaseField) throws(VerificationError) -> Tolerances {
    let fields = try field.members(known: keys)
    var tolerances = Tolerances.standard
    if let field = fields["box"] { tolerances.box = try field.number(in: 0...1e6) }
    if let field = fields["confidence"] { tolerances.confidence = try field.number(in: 0...1) }
    if let field = fields["keypoint"] { tolerances.keypoint = try field.number(in: 0...1e6) }
    if let field = fields["outline"] { tolerances.outline = try field.number(in: 0...1) }
    if let field = fields["tensor"] { tolerances.tensor = try field.number(in: 0...1) }
    if let field = fields["classes"] { tolerances.classes = try field.number(in: 0...1) }
    if let field = fields["depth"] { tolerances.depth = try field.number(in: 0...1) }
    return tolerances
  }

  /// The tolerances as they are written.
  var json: JSONValue {
    // By way of the text, so that 0.05 is not written as the double next to the float.
    func number(_ value: Float) -> JSONValue { .double(Double("\(value)") ?? Double(value)) }
    return .object([
      JSONMember("box", number(box)), JSONMember("confidence", number(confidence)),
      JSONMember("keypoint", number(keypoint)), JSONMember("outline", number(outline)),
      JSONMember("tensor", number(tensor)),
      JSONMember("classes", number(classes)), JSONMember("depth", number(depth)),
    ])
  }
}
