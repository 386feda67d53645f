extension JSONWriter {
  /// Writes a value with all that it contains.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .string(let string): self.string(string)
    case .int(let integer): self.integer(integer)
    case .double(let number): self.number(number)
    case .bool(let boolean): self.boolean(boolean)
    case .null: null()
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let members):
      beginObject()
      for member in members {
        key(member.key)
        self.value(member.value)
      }
      endObject()
    }
  }

  /// Returns the text of a value.
  public static func text(_ value: JSONValue) -> String {
    var json = JSONWriter()
    json.value(value)
    return String(decoding: json.takeBytes(), as: UTF8.self)
  }
}
