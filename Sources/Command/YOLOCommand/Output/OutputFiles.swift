import ArgumentParser
import YOLOImageIO
import YOLOSystem

/// The options of commands that write files.
struct OutputArguments: ParsableArguments {
  @Flag(
    name: .long,
    help: "Replace files that are there already; those that the run reads are never replaced.")
  var overwrite = false

  /// What the command writes its files through.
  var files: OutputFiles { OutputFiles(overwrites: overwrite) }
}

/// What every command writes the files of its user through.
///
/// No file that the run reads is ever replaced, whatever directory, link or spelling leads to it;
/// any other that is there is replaced only where the user asks for that. Commands check the paths
/// before they do any work, and each is checked again when the file is complete.
struct OutputFiles {
  /// Whether files that are there may be replaced.
  let overwrites: Bool

  /// Checks that a file may be written.
  func check(_ path: String) throws(ImageIOError) {
    try explaining { () throws(FileError) in
      _ = try AtomicFile.replaceable(path, replaces: overwrites)
    }
  }

  /// Checks that files may be written, of those of a run the first that may not is the error.
  func check(_ paths: [String]) throws(ImageIOError) {
    for path in paths { try check(path) }
  }

  /// Writes a file of the given content.
  func write(_ bytes: [UInt8], to path: String) throws(ImageIOError) {
    try explaining { () throws(FileError) in
      try AtomicFile.write(bytes, to: path, replaces: overwrites)
    }
  }

  /// Writes a text file.
  func write(_ text: String, to path: String) throws(ImageIOError) {
    try write(Array(text.utf8), to: path)
  }

  private func explaining(_ body: () throws(FileError) -> Void) throws(ImageIOError) {
    do throws(FileError) {
      try body()
    } catch {
      let hint = error.reason == .exists ? "; --overwrite replaces it" : ""
      throw .unwritable(path: error.path, reason: error.message + hint)
    }
  }
}

/// Names for the outputs of several sources in one directory.
enum OutputNames {
  /// Returns a name for each of the wished ones, no two of them the same in any case of letters.
  ///
  /// The first to wish for a name has it. The others have `-2`, `-3` … before the suffix, in their
  /// order, as far as that is not the name that another one wishes for: `a.jpg`, `a-2.jpg`.
  static func distinct(_ wishes: [String]) -> [String] {
    var taken = Set(wishes.map { $0.lowercased() })
    var first: Set<String> = []
    var names: [String] = []
    for wish in wishes {
      guard !first.insert(wish.lowercased()).inserted else {
        names.append(wish)
        continue
      }
      var number = 2
      while !taken.insert(numbered(wish, number).lowercased()).inserted { number += 1 }
      names.append(numbered(wish, number))
    }
    return names
  }

  /// Returns a name with a number before its suffix.
  private static func numbered(_ name: String, _ number: Int) -> String {
    let stem = stem(of: name)
    return "\(stem)-\(number)\(name.dropFirst(stem.count))"
  }

  /// Returns a file's name without its suffix; hidden files have none.
  static func stem(of name: String) -> String {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }
}
