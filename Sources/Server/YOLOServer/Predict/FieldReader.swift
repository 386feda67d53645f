#if Server
import YOLOOptions
import YOLOSystem

/// Reads the fields of a form, some of which have an older name besides.
struct FieldReader {
  /// The fields by name.
  let fields: [String: String]

  /// Returns the text of a field and the name that it was given under; nil for none, or an empty one.
  func value(of name: String, older: String? = nil) throws(APIError) -> (
    text: String, name: String
  )? {
    let given = [name, older].compactMap(\.self).filter { fields[$0]?.isEmpty == false }
    guard given.count < 2 else {
      throw .invalidField(
        name, "\(given[0]) and \(given[1]) are names of the same argument; give one of them.")
    }
    guard let name = given.first, let text = fields[name] else { return nil }
    return (text, name)
  }

  /// Reads the field of an option, if it is given.
  ///
  /// - Throws: `APIError` of status 400, which calls the argument as the request did.
  func read<Root>(_ setting: Setting<Root>, into root: inout Root) throws(APIError) {
    guard let (text, name) = try value(of: setting.name, older: setting.olderName) else { return }
    do throws(OptionError) {
      try setting.read(text, into: &root)
    } catch {
      // As the request has it: the error may have the number that was read from it.
      let given = text.excerpt()
      throw .invalidField(
        name, given: given, expected: error.expected,
        "\(name) must be \(error.expected), but \"\(given)\" was given.")
    }
  }
}
#endif
