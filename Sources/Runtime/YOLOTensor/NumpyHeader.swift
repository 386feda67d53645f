/// The header of a `.npy` file: a Python dictionary of three known keys.
struct NumpyHeader {
  /// What is wrong with a header.
  struct Failure: Error {
    let reason: String
  }

  /// The maximum number of dimensions of a shape.
  static let rankLimit = 32

  private(set) var type = ""
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []

  private var rest: Substring

  init(_ text: String) throws(Failure) {
    rest = text[...]
    var keys: Set<String> = []
    try take("{")
    while !has("}") {
      let key = try quoted()
      guard keys.insert(key).inserted else {
        throw Failure(reason: "its header has the key '\(key)' twice")
      }
      try take(":")
      switch key {
      case "descr": type = try quoted()
      case "fortran_order": isFortranOrder = try boolean()
      case "shape": shape = try dimensions()
      default:
        throw Failure(
          reason: "its header has the key '\(key)', expected 'descr', 'fortran_order' and 'shape'")
      }
      if !has("}") { try take(",") }
    }
    try take("}")
    skipSpace()
    guard rest.isEmpty else { throw Failure(reason: "its header goes on after its end") }
    for key in ["descr", "fortran_order", "shape"] where !keys.contains(key) {
      throw Failure(reason: "its header lacks the key '\(key)'")
    }
  }

  private mutating func skipSpace() {
    while let first = rest.first, first == " " || first == "\n" { rest = rest.dropFirst() }
  }

  private mutating func has(_ character: Character) -> Bool {
    skipSpace()
    return rest.first == character
  }

  private mutating func take(_ character: Character) throws(Failure) {
    guard has(character) else {
      throw Failure(reason: "its header is malformed, expected '\(character)' at \(excerpt)")
    }
    rest = rest.dropFirst()
  }

  /// Where the reader stands, for messages.
  private var excerpt: String { rest.isEmpty ? "its end" : "\"\(rest.prefix(20))\"" }

  private mutating func quoted() throws(Failure) -> String {
    skipSpace()
    guard let quote = rest.first, quote == "'" || quote == "\"",
      let end = rest.dropFirst().firstIndex(of: quote)
    else { throw Failure(reason: "its header is malformed, expected a text at \(excerpt)") }
    let text = rest[rest.index(after: rest.startIndex)..<end]
    guard text.utf8.count <= 40 else {
      throw Failure(reason: "its header is malformed, expected a short text at \(excerpt)")
    }
    rest = rest[rest.index(after: end)...]
    return String(text)
  }

  private mutating func boolean() throws(Failure) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where rest.hasPrefix(word) {
      rest = rest.dropFirst(word.count)
      return value
    }
    throw Failure(reason: "its header is malformed, expected True or False at \(excerpt)")
  }

  private mutating func dimensions() throws(Failure) -> [Int] {
    var dimensions: [Int] = []
    try take("(")
    while !has(")") {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let dimension = Int(digits), dimensions.count < Self.rankLimit else {
        throw Failure(
          reason: "its header is malformed, expected a dimension, 0 or more, at \(excerpt)")
      }
      dimensions.append(dimension)
      rest = rest.dropFirst(digits.count)
      if !has(")") { try take(",") }
    }
    try take(")")
    return dimensions
  }
}
