#if Server
/// A strict reader of Prometheus' text format 0.0.4, written from its description alone.
struct MetricsExposition {
  /// A family of samples.
  struct Family {
    var type = ""
    var samples: [(name: String, labels: [String: String], value: Double)] = []
  }

  /// Where and why a text is not in the format.
  struct Failure: Error {
    let line: String
    let reason: String
  }

  private(set) var families: [String: Family] = [:]

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Failure(line: "", reason: "no end of line at the end") }
    var helped: Set<String> = []
    var current = ""
    var series: Set<String> = []
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      let line = String(line)
      if line.hasPrefix("# HELP ") {
        let name = line.dropFirst(7).prefix { $0 != " " }
        guard helped.insert(String(name)).inserted else {
          throw Failure(line: line, reason: "second help")
        }
      } else if line.hasPrefix("# TYPE ") {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 4, ["counter", "gauge", "histogram"].contains(parts[3]) else {
          throw Failure(line: line, reason: "no type")
        }
        current = String(parts[2])
        guard families[current] == nil else { throw Failure(line: line, reason: "second type") }
        families[current] = Family(type: String(parts[3]))
      } else {
        let sample = try Self.sample(line)
        let suffixes =
          families[current]?.type == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { sample.name == current + $0 }) else {
          throw Failure(line: line, reason: "a sample outside of its family")
        }
        let key = sample.name + sample.labels.sorted { $0.key < $1.key }.description
        guard series.insert(key).inserted else { throw Failure(line: line, reason: "twice") }
        families[current]?.samples.append(sample)
      }
    }
  }

  /// The value of a sample.
  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    families.values.flatMap(\.samples).first { $0.name == name && $0.labels == labels }?.value
  }

  private static func sample(_ line: String) throws -> (
    name: String, labels: [String: String], value: Double
  ) {
    var rest = line.unicodeScalars[...]
    let name = take(&rest) { isName($0) || $0 == ":" }
    guard let first = name.unicodeScalars.first, !("0"..."9").contains(first) else {
      throw Failure(line: line, reason: "no name")
    }
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest.removeFirst()
      repeat {
        let label = take(&rest, while: isName)
        guard !label.isEmpty, !label.hasPrefix("__"), rest.starts(with: "=\"".unicodeScalars) else {
          throw Failure(line: line, reason: "no label")
        }
        rest.removeFirst(2)
        let value = try quoted(&rest, line)
        guard labels.updateValue(value, forKey: label) == nil else {
          throw Failure(line: line, reason: "a label twice")
        }
        guard let end = rest.popFirst(), end == "," || end == "}" else {
          throw Failure(line: line, reason: "no end of labels")
        }
        if end == "}" { break }
      } while true
    }
    guard rest.popFirst() == " ", let value = number(String(rest)) else {
      throw Failure(line: line, reason: "no value")
    }
    return (name, labels, value)
  }

  private static func isName(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
      || scalar == "_"
  }

  private static func take(
    _ rest: inout Substring.UnicodeScalarView, while condition: (Unicode.Scalar) -> Bool
  ) -> String {
    let taken = rest.prefix(while: condition)
    rest = rest[taken.endIndex...]
    return String(taken)
  }

  private static func quoted(
    _ rest: inout Substring.UnicodeScalarView, _ line: String
  ) throws -> String {
    var value = String.UnicodeScalarView()
    while let scalar = rest.popFirst(), scalar != "\"" {
      guard scalar == "\\" else {
        value.append(scalar)
        continue
      }
      switch rest.popFirst() {
      case "n": value.append("\n")
      case "\\": value.append("\\")
      case "\"": value.append("\"")
      default: throw Failure(line: line, reason: "an unknown escape")
      }
    }
    return String(value)
  }

  private static func number(_ text: String) -> Double? {
    switch text {
    case "+Inf": .infinity
    case "-Inf": -.infinity
    case "NaN": .nan
    default: text.contains { $0.isLetter && $0 != "e" } ? nil : Double(text)
    }
  }
}
#endif
