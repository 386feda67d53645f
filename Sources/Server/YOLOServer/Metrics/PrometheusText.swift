#if Server
/// The spelling of names, labels and numbers in Prometheus' text format 0.0.4.
enum PrometheusText {
  /// The media type of a rendering.
  static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

  /// Creates a metric's name from any label: what may not stand in a name becomes an underscore.
  static func metricName(_ label: String) -> String {
    name(label, mayContainColon: true)
  }

  /// Creates a label's name from any text.
  ///
  /// Names with two leading underscores are Prometheus' own, and `le` is a histogram's: both get a
  /// prefix.
  static func labelName(_ text: String) -> String {
    let name = name(text, mayContainColon: false)
    return name.hasPrefix("__") || name == "le" ? "label_" + name : name
  }

  private static func name(_ text: String, mayContainColon: Bool) -> String {
    var bytes: [UInt8] = text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        byte
      case UInt8(ascii: ":") where mayContainColon: byte
      default: UInt8(ascii: "_")
      }
    }
    if let first = bytes.first {
      if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) {
        bytes.insert(UInt8(ascii: "_"), at: 0)
      }
    } else {
      bytes = [UInt8(ascii: "_")]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The labels between braces, sorted by name, each name once; nothing if there are none.
  static func labels(_ labels: [(String, String)]) -> String {
    var values: [String: String] = [:]
    for (name, value) in labels where values[labelName(name)] == nil {
      values[labelName(name)] = value
    }
    return values.sorted { $0.key < $1.key }
      .map { "\($0.key)=\"\(escaped($0.value, quotes: true))\"" }
      .joined(separator: ",")
  }

  /// Escapes a label's value, or without `quotes` a help text.
  static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Spells a sample's value.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int(exactly: value).map(String.init) ?? String(describing: value)
  }

  /// A line of a sample, without its end.
  static func sample(_ name: String, _ labels: String, _ value: String) -> String {
    labels.isEmpty ? "\(name) \(value)" : "\(name){\(labels)} \(value)"
  }
}

/// The types of a family in the text format.
package enum PrometheusKind: String, Sendable {
  case counter
  case gauge
  case histogram

  /// What a family's samples append to its name.
  var suffixes: [String] {
    self == .histogram ? ["", "_bucket", "_sum", "_count"] : [""]
  }
}

/// One series: a family's name with one set of labels.
protocol PrometheusSeries: AnyObject, Sendable {
  /// The lines of its samples.
  ///
  /// - Parameters:
  ///   - name: The family's name.
  ///   - labels: The labels as they stand between the braces.
  /// - Returns: A line each, without its end.
  func samples(_ name: String, _ labels: String) -> [String]
}
#endif
