import JSONText
import YOLOSystem

/// A value of `case.json` that knows its key, for errors that name it.
struct CaseField {
  let path: String
  let key: String
  let value: JSONValue

  /// Creates the error that the value is not what is expected.
  func invalid(_ expected: String) -> VerificationError {
    let found =
      switch value {
      case .null: "null"
      case .array(let elements): "a list of \(elements.count)"
      case .object: "an object"
      case .bool, .int, .double, .string: JSONWriter.text(value).excerpt()
      }
    return .invalid(
      path: path, key: key.isEmpty ? "the file" : key, expected: expected, found: found)
  }

  private func child(_ name: String, _ value: JSONValue) -> CaseField {
    CaseField(path: path, key: key.isEmpty ? name : "\(key).\(name)", value: value)
  }

  /// Returns the members of an object; with `known` no others may be there.
  func members(known: [String]? = nil) throws(VerificationError) -> [String: CaseField] {
    guard let members = value.members else { throw invalid("an object") }
    var fields: [String: CaseField] = [:]
    for member in members {
      let name = member.key.excerpt()
      if let known, !known.contains(member.key) {
        throw .invalid(
          path: path, key: key.isEmpty ? name : "\(key).\(name)",
          expected: "left out: the keys are " + known.joined(separator: ", "), found: "there")
      }
      fields[member.key] = child(name, member.value)
    }
    return fields
  }

  /// Returns the elements of a list.
  func elements() throws(VerificationError) -> [CaseField] {
    guard let elements = value.elements else { throw invalid("a list") }
    return elements.enumerated().map { index, element in
      CaseField(path: path, key: "\(key)[\(index)]", value: element)
    }
  }

  /// Returns a text.
  func text(_ expected: String = "a text") throws(VerificationError) -> String {
    guard let text = value.string else { throw invalid(expected) }
    return text
  }

  /// Returns an integer.
  func integer(_ expected: String = "an integer") throws(VerificationError) -> Int {
    guard let integer = value.int else { throw invalid(expected) }
    return integer
  }

  /// Returns a number.
  func number(_ expected: String = "a number") throws(VerificationError) -> Double {
    switch value {
    case .int(let integer): return Double(integer)
    case .double(let number): return number
    case .null, .bool, .string, .array, .object: throw invalid(expected)
    }
  }

  /// Returns true or false.
  func boolean() throws(VerificationError) -> Bool {
    guard case .bool(let flag) = value else { throw invalid("true or false") }
    return flag
  }

  /// Returns a number of a range.
  func number(in range: ClosedRange<Float>) throws(VerificationError) -> Float {
    let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
    let number = Float(try number(expected))
    guard range.contains(number) else { throw invalid(expected) }
    return number
  }

  /// Returns the name of a file in the case's directory.
  func fileName() throws(VerificationError) -> String {
    let expected = "the name of a file in the case's directory, without a slash"
    let name = try text(expected)
    guard !name.isEmpty, name != ".", name != "..", name.utf8.count <= 255,
      name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") })
    else { throw invalid(expected) }
    return name
  }
}
