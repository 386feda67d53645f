import YOLOSystem

/// Verifications as JUnit XML: a test suite with a test case for each golden case.
///
/// It has what the schema of Ant's JUnit task demands, which is the strictest in use: all
/// attributes of a suite, and the elements in their order.
public struct JUnitReport: Sendable {
  /// The maximum number of characters of a failure's text.
  static let textLimit = 100_000

  /// The outcomes.
  public let outcomes: [VerificationOutcome]
  /// What is verified, the name of the model's file.
  public let model: String
  /// The time of the run in UTC, as `2026-11-26T20:00:00`.
  public let timestamp: String
  /// The name of the machine.
  public let host: String

  /// Creates a report.
  public init(
    _ outcomes: [VerificationOutcome], model: String, timestamp: String, host: String
  ) {
    self.outcomes = outcomes
    self.model = model
    self.timestamp = timestamp
    self.host = host
  }

  /// The document.
  public var xml: String {
    let failures = outcomes.count { $0.verification.map { !$0.agrees } ?? false }
    let errors = outcomes.count { $0.error != nil }
    let seconds = outcomes.reduce(0) { $0 + $1.seconds }
    var lines = [
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
      "<testsuites>",
      "  <testsuite id=\"0\" package=\"yolo\" name=\"yolo verify\" timestamp=\"\(timestamp.xmlEscaped)\" "
        + "hostname=\"\(host.xmlEscaped)\" tests=\"\(outcomes.count)\" failures=\"\(failures)\" "
        + "errors=\"\(errors)\" time=\"\(min(max(seconds, 0), 1e9).fixed(3))\">",
      "    <properties>",
      "      <property name=\"model\" value=\"\(model.xmlEscaped)\"/>",
      "    </properties>",
    ]
    for outcome in outcomes {
      let start =
        "    <testcase name=\"\(outcome.path.xmlEscaped)\" classname=\"yolo.verify\" "
        + "time=\"\(min(max(outcome.seconds, 0), 1e9).fixed(3))\""
      switch outcome.result {
      case .success(let verification) where verification.agrees: lines.append(start + "/>")
      case .success(let verification):
        lines += element("failure", "VerificationFailure", verification.problems, in: start)
      case .failure(let error):
        lines += element("error", "VerificationError", ["\(error)"], in: start)
      }
    }
    lines += ["    <system-out></system-out>", "    <system-err></system-err>"]
    return (lines + ["  </testsuite>", "</testsuites>"]).joined(separator: "\n") + "\n"
  }

  private func element(
    _ name: String, _ type: String, _ problems: [String], in start: String
  ) -> [String] {
    var text = problems.joined(separator: "\n")
    if text.count > Self.textLimit { text = text.prefix(Self.textLimit) + "…" }
    let message = problems.first ?? ""
    return [
      start + ">",
      "      <\(name) message=\"\(message.xmlEscaped)\" type=\"\(type)\">\(text.xmlEscaped)</\(name)>",
      "    </testcase>",
    ]
  }
}
