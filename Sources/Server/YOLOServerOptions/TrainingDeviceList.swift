/// The names of the devices of a server that train.
package enum TrainingDeviceList {
  /// What a server has that was not told.
  package static let standard = "cpu"

  /// The parts of a list with commas between them.
  package static func names(_ text: String) -> [String] {
    text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  /// Whether a text is such a list: 1 to 64 names of lower-case letters, digits and hyphens.
  static func isList(_ text: String) -> Bool {
    let names = names(text)
    return (1...64).contains(names.count)
      && names.allSatisfy { name in
        (1...40).contains(name.utf8.count)
          && name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
              UInt8(ascii: "-"):
              true
            default: false
            }
          }
      }
  }
}

/// A command with its arguments, as a setting has it.
package enum CommandWords {
  /// Splits a command at spaces; what is in single or double quotes is kept together.
  ///
  /// - Returns: The words; nil if there is none, or a quote is not closed.
  package static func split(_ text: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in text {
      if let open = quote {
        if character == open { quote = nil } else { word?.append(character) }
      } else if character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if character == " " || character == "\t" {
        if let word { words.append(word) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let word { words.append(word) }
    return quote == nil && words.first?.isEmpty == false ? words : nil
  }
}
