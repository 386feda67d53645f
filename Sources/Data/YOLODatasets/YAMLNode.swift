/// A value of a YAML document.
package struct YAMLNode {
  package enum Content {
    case null
    /// Text; numbers and truth values are text, too.
    case scalar(String)
    case list([YAMLNode])
    case mapping([YAMLMember])
  }

  /// The line where it begins, counted from 1.
  package let line: Int
  package let content: Content

  /// The value of a key, or nil.
  subscript(key: String) -> YAMLNode? {
    if case .mapping(let members) = content {
      members.first { $0.key == key }?.value
    } else {
      nil
    }
  }

  /// The text of a scalar, or nil.
  var text: String? { if case .scalar(let text) = content { text } else { nil } }

  /// The integer of a scalar, or nil.
  var integer: Int? { text.flatMap { Int($0) } }

  var isNull: Bool { if case .null = content { true } else { false } }

  /// What kind of value this is, as error messages have it.
  package var kind: String {
    switch content {
    case .null: "nothing"
    case .scalar(let text): "\"\(text.prefix(40))\""
    case .list(let elements): "a list of \(elements.count)"
    case .mapping(let members): "a mapping of \(members.count)"
    }
  }
}

/// A key of a YAML mapping and its value.
package struct YAMLMember {
  package let key: String
  package let value: YAMLNode
}
