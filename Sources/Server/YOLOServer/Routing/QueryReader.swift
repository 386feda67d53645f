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
      Self.parameters(request.uri.query ?? ""), uniquingKeysWith: { first, _ in first }
    ).filter { !$0.value.isEmpty }
  }

  /// Reads names and values as forms have them, where a plus is a space.
  static func parameters(_ query: String) -> [(name: String, value: String)] {
    func decoded(_ text: Substring) -> String {
      let spaced = text.replacing("+", with: "%20")
      return spaced.removingPercentEncoding ?? String(text)
    }
    return query.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (decoded(parts[0]), parts.count == 2 ? decoded(parts[1]) : "")
    }
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

  /// Reads a date, or a time with its zone, as RFC 3339 has them; a fraction of a second is left out.
  ///
  /// A date alone means its first second in UTC, or its last if `isEnd`.
  static func seconds(_ text: String, isEnd: Bool = false) -> Int? {
    guard (10...40).contains(text.utf8.count) else { return nil }
    var rest = Array(text.utf8)[...]
    func number(_ digits: Int, in range: ClosedRange<Int>) -> Int? {
      let bytes = rest.prefix(digits)
      guard bytes.count == digits, bytes.allSatisfy({ (0x30...0x39).contains($0) }) else {
        return nil
      }
      rest = rest.dropFirst(digits)
      let value = bytes.reduce(0) { $0 * 10 + Int($1) - 0x30 }
      return range.contains(value) ? value : nil
    }
    func mark(_ accepted: String) -> Bool {
      guard let byte = rest.first, accepted.utf8.contains(byte) else { return false }
      rest = rest.dropFirst()
      return true
    }
    guard let year = number(4, in: 1...9999), mark("-"), let month = number(2, in: 1...12),
      mark("-"), let day = number(2, in: 1...days(of: month, in: year))
    else { return nil }
    let date = days(before: month, day, in: year) * 86_400
    if rest.isEmpty { return isEnd ? date + 86_399 : date }
    guard mark("Tt"), let hour = number(2, in: 0...23), mark(":"),
      let minute = number(2, in: 0...59), mark(":"), let second = number(2, in: 0...60)
    else { return nil }
    if mark(".") {
      let fraction = rest.prefix { (0x30...0x39).contains($0) }
      guard !fraction.isEmpty else { return nil }
      rest = rest.dropFirst(fraction.count)
    }
    let time = date + hour * 3600 + minute * 60 + second
    if mark("Zz") { return rest.isEmpty ? time : nil }
    let sign = rest.first == UInt8(ascii: "-") ? -1 : 1
    guard mark("+-"), let hours = number(2, in: 0...23) else { return nil }
    _ = mark(":")
    guard let minutes = number(2, in: 0...59), rest.isEmpty else { return nil }
    return time - sign * (hours * 3600 + minutes * 60)
  }

  private static func days(of month: Int, in year: Int) -> Int {
    switch month {
    case 2:
      year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The days from 1970-01-01 to a date of the Gregorian calendar, whose year begins in March here.
  private static func days(before month: Int, _ day: Int, in year: Int) -> Int {
    let year = month > 2 ? year : year - 1
    let era = year / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
#endif
