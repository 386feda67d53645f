#if Server
import Foundation
import Hummingbird
import YOLOSystem

/// Reads the parameters of a request's query; those that are empty count as not given.
struct QueryReader {
  private let values: [String: String]

  /// Reads the query of a request; the first of two parameters of one name counts.
  init(_ request: Request) {
    values = Dictionary(
      request.uri.queryParameters.map { (String($0.key), String($0.value)) },
      uniquingKeysWith: { first, _ in first }
    ).filter { !$0.value.isEmpty }
  }

  /// Returns a text of a maximum length in Unicode scalars.
  func text(_ name: String, limit: Int) throws(APIError) -> String? {
    guard let text = values[name] else { return nil }
    guard text.unicodeScalars.count <= limit else {
      throw .invalidField(
        name, given: text.excerpt(), expected: "at most \(limit) characters",
        "\(name) has more than \(limit) characters.")
    }
    return text
  }

  /// Returns an integer of a range.
  func integer(_ name: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let text = values[name] else { return nil }
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isPlain, let number = Int(text), range.contains(number) else {
      throw .invalidField(
        name, given: text.excerpt(),
        expected: "an integer from \(range.lowerBound) to \(range.upperBound)",
        "\(name) must be an integer from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  /// Returns `true` or `false`.
  func flag(_ name: String) throws(APIError) -> Bool? {
    switch values[name] {
    case nil: return nil
    case "true", "1": return true
    case "false", "0": return false
    case let text?:
      throw .invalidField(
        name, given: text.excerpt(), expected: "true or false", "\(name) must be true or false.")
    }
  }

  /// Returns a text of which there are only these.
  func choice(_ name: String, of choices: [String]) throws(APIError) -> String? {
    guard let text = values[name] else { return nil }
    guard choices.contains(text) else {
      let expected = "one of \(choices.joined(separator: ", "))"
      throw .invalidField(
        name, given: text.excerpt(), expected: expected, "\(name) must be \(expected).")
    }
    return text
  }

  /// Returns texts of which there are only these, with commas between them.
  func choices(_ name: String, of choices: [String]) throws(APIError) -> [String]? {
    guard let text = values[name] else { return nil }
    let parts = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    guard !parts.isEmpty, parts.count <= choices.count, parts.allSatisfy(choices.contains) else {
      let expected = "some of \(choices.joined(separator: ",")), with commas between them"
      throw .invalidField(
        name, given: text.excerpt(), expected: expected, "\(name) must be \(expected).")
    }
    return parts
  }

  /// Returns which part of a list is asked for: `page` from 1 on, and `limit`.
  func page(default limit: Int, maximum: Int) throws(APIError) -> Page {
    Page(
      number: try integer("page", in: 1...1_000_000) ?? 1,
      limit: try integer("limit", in: 1...maximum) ?? limit)
  }

  /// Returns a time in seconds since 1970: a date such as 2026-01-31, or with a time and its zone as
  /// RFC 3339 has it.
  ///
  /// A date alone means its first second in UTC, or its last if `isEnd`.
  func time(_ name: String, isEnd: Bool) throws(APIError) -> Int? {
    guard let text = values[name] else { return nil }
    // A plus of a zone that was not encoded was read as a space.
    if let seconds = Self.seconds(text.replacing(" ", with: "+"), isEnd: isEnd) { return seconds }
    throw .invalidField(
      name, given: text.excerpt(), expected: "a date such as 2026-01-31 or 2026-01-31T08:00:00Z",
      "\(name) must be a date such as 2026-01-31 or 2026-01-31T08:00:00Z.")
  }

  /// Reads a date or a time.
  static func seconds(_ text: String, isEnd: Bool = false) -> Int? {
    guard (10...40).contains(text.utf8.count), isPlausible(text) else { return nil }
    let styles: [Date.ISO8601FormatStyle] = [
      Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true),
    ]
    for style in styles {
      if let date = try? Date(text, strategy: style) { return seconds(of: date) }
    }
    guard text.utf8.count == 10,
      let date = try? Date(text, strategy: Date.ISO8601FormatStyle().year().month().day())
    else { return nil }
    return seconds(of: date).map { isEnd ? $0 + 86_399 : $0 }
  }

  /// Whether the numbers of a date or time are of this calendar: those that are too large would be
  /// carried over.
  private static func isPlausible(_ text: String) -> Bool {
    let numbers = text.prefix(19).split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
    guard numbers.count >= 3, (1...12).contains(numbers[1]) else { return false }
    let isLeap = numbers[0] % 4 == 0 && (numbers[0] % 100 != 0 || numbers[0] % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][numbers[1] - 1]
    return (1...days).contains(numbers[2])
      && zip(numbers.dropFirst(3), [23, 59, 60]).allSatisfy { $0 <= $1 }
  }

  private static func seconds(of date: Date) -> Int? {
    let seconds = date.timeIntervalSince1970.rounded(.down)
    return (-62_135_596_800...253_402_300_799).contains(seconds) ? Int(seconds) : nil
  }
}
#endif
