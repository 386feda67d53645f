#if Server
import JSONText

/// The numbers that trainings report, by their names.
enum TrainingMetrics {
  /// The maximum number of metrics of an epoch.
  static let limit = 200
  /// The maximum length of a name in bytes.
  static let nameLimit = 100

  /// Returns the numbers of an object; null, which stands for NaN and infinities, and what is no
  /// number is left out.
  static func numbers(_ value: JSONValue?) -> [String: Double] {
    var numbers: [String: Double] = [:]
    for member in value?.members ?? [] {
      guard let number = member.value.number, member.key.utf8.count <= nameLimit,
        numbers.count < limit
      else { continue }
      numbers[member.key] = number
    }
    return numbers
  }

  /// Returns the metrics of a model: those of the evaluation, without `metrics/`.
  ///
  /// The names of the task's own metrics have no suffix: those of masks or of keypoints where there
  /// are such, else those of boxes. Others keep theirs.
  static func summary(_ metrics: [String: Double]) -> [String: Double] {
    let names = metrics.keys
    let lead = ["(M)", "(P)"].first { suffix in names.contains { $0.hasSuffix(suffix) } } ?? "(B)"
    var summary: [String: Double] = [:]
    for (name, value) in metrics {
      var short = name[...]
      if short.hasPrefix("metrics/") {
        short = short.dropFirst("metrics/".count)
      } else if short.contains("/") || short == "lr" {
        continue
      }
      if short.hasSuffix(lead) { short = short.dropLast(lead.count) }
      summary[String(short)] = value
    }
    return summary
  }
}

extension JSONValue {
  /// The number, be it an integer or not.
  var number: Double? {
    switch self {
    case .int(let integer): Double(integer)
    case .double(let number): number
    default: nil
    }
  }

  /// The integer, also of a number without a fraction and of text.
  var wholeNumber: Int? {
    switch self {
    case .int(let integer): integer
    case .double(let number): Int(exactly: number)
    case .string(let text): Int(text)
    default: nil
    }
  }
}
#endif
