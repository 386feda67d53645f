import JSONText
import YOLOInspection
import YOLOSystem
import YOLOVerification

/// The outcomes of `yolo verify`, as text and as JSON.
struct VerifyReport {
  /// How many problems of a case the text lists.
  private static let listedProblems = 20

  private let outcomes: [VerificationOutcome]
  private let model: String

  init(_ outcomes: [VerificationOutcome], model: String) {
    self.outcomes = outcomes
    self.model = model
  }

  private static func state(_ outcome: VerificationOutcome) -> String {
    guard let verification = outcome.verification else { return "error" }
    return verification.agrees ? "ok" : "failed"
  }

  /// A difference for a column; nothing where there was nothing to compare.
  private static func cell(_ value: Float?) -> String {
    guard let value else { return "-" }
    guard value.isFinite else { return "inf" }
    if value == 0 { return "0" }
    return value < 1e-3 ? "\(Float(Double("\(value)") ?? 0).shortened)" : Double(value).fixed(4)
  }

  var text: String {
    var table = TextTable(
      [
        "case", "result", "first diverging", "objects", "box px", "confidence", "keypoint px",
        "outline", "pixels", "tensor",
      ], leftColumns: 3)
    for outcome in outcomes {
      guard let verification = outcome.verification else {
        table.append([outcome.path.sanitized(), "error"] + Array(repeating: "-", count: 8))
        continue
      }
      let check = verification.check
      table.append([
        outcome.path.sanitized(), Self.state(outcome),
        verification.firstDivergence?.path ?? "-", "\(check.foundCount)/\(check.expectedCount)",
        Self.cell(check.worst[.box]), Self.cell(check.worst[.confidence]),
        Self.cell(check.worst[.keypoint]), Self.cell(check.worst[.outline]),
        Self.cell(verification.map?.value),
        Self.cell(verification.worstTensor?.relative),
      ])
    }
    var text = table.text
    for outcome in outcomes {
      if outcome.hasSameCheckpoint == false,
        let recorded = outcome.verification?.goldenCase.model
      {
        text +=
          "note: \(outcome.path.sanitized()) was made with another checkpoint than \(model): "
          + "\(recorded.file.sanitized()), crc32 \(recorded.crc32)\n"
      }
    }
    for outcome in outcomes {
      guard let problems = outcome.verification?.problems, !(outcome.verification?.agrees ?? true)
      else { continue }
      text += "\n\(outcome.path.sanitized()):\n"
      for problem in problems.prefix(Self.listedProblems) {
        text += "  \(problem.sanitized())\n"
      }
      if problems.count > Self.listedProblems {
        text += "  and \(problems.count - Self.listedProblems) more\n"
      }
    }
    let states = outcomes.map { Self.state($0) }
    return text
      + "\n\(outcomes.count) cases: \(states.count { $0 == "ok" }) ok, "
      + "\(states.count { $0 == "failed" }) failed, \(states.count { $0 == "error" }) with errors\n"
  }

  var json: [UInt8] {
    func number(_ value: Float) -> JSONValue { .double(Double(value)) }
    let cases = outcomes.map { outcome in
      var members = [
        JSONMember("case", .string(outcome.path)),
        JSONMember("result", .string(Self.state(outcome))),
        JSONMember("seconds", .double(outcome.seconds)),
        JSONMember("sameCheckpoint", outcome.hasSameCheckpoint.map { .bool($0) } ?? .null),
      ]
      if let error = outcome.error { members.append(JSONMember("error", .string("\(error)"))) }
      if let verification = outcome.verification {
        let check = verification.check
        let worst = check.worst.sorted { $0.key.rawValue < $1.key.rawValue }
        members += [
          JSONMember("expected", .int(check.expectedCount)),
          JSONMember("found", .int(check.foundCount)),
          JSONMember("borderline", .int(check.borderlineCount)),
          JSONMember(
            "worst", .object(worst.map { JSONMember($0.key.rawValue, number($0.value)) })),
          JSONMember("pixels", verification.map.map { number($0.value) } ?? .null),
          JSONMember(
            "firstDiverging", verification.firstDivergence.map { .string($0.path) } ?? .null),
          JSONMember(
            "tensors",
            .array(
              verification.tensors.map {
                .object([
                  JSONMember("path", .string($0.path)), JSONMember("error", number($0.error)),
                  JSONMember("range", number($0.range)),
                  JSONMember("relative", number($0.relative)),
                ])
              })),
          JSONMember("problems", .array(verification.problems.map { .string($0) })),
        ]
      }
      return JSONValue.object(members)
    }
    var json = JSONWriter()
    json.value(.object([JSONMember("model", .string(model)), JSONMember("cases", .array(cases))]))
    return json.takeBytes() + [UInt8(ascii: "\n")]
  }
}

extension Float {
  /// A small number with two digits and an exponent.
  fileprivate var shortened: String {
    var exponent = 0
    var digits = Double(self)
    while digits < 1, exponent < 45 {
      digits *= 10
      exponent += 1
    }
    return "\(digits.fixed(1))e-\(exponent)"
  }
}
