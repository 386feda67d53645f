/// A pattern of paths as shells have it: `*` and `?` match within a name, `[a-z]` one character of
/// some, and a component `**` any number of directories.
///
/// Hidden names match only where the pattern names their dot.
package struct PathPattern: Sendable {
  private let isAbsolute: Bool
  private let components: [String]

  /// Reads a pattern.
  package init(_ pattern: String) {
    isAbsolute = pattern.hasPrefix("/")
    components = pattern.split(separator: "/").map { String($0) }
  }

  /// Whether a path has characters of a pattern.
  package static func isPattern(_ path: String) -> Bool {
    path.utf8.contains { [UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "[")].contains($0) }
  }

  /// Returns what is there and matches, ordered by the bytes of the paths.
  ///
  /// - Throws: `tooManyEntries` beyond `maximumCount`; directories that cannot be read match
  ///   nothing.
  package func matches(maximumCount: Int) throws(FileError) -> [String] {
    var found: Set<String> = []
    // Directories that `**` has come through, with the number of the component that follows.
    var visited: Set<Visit> = []
    var pending = [(path: isAbsolute ? "/" : "", component: 0)]
    while let (path, index) = pending.popLast() {
      guard index < components.count else {
        if !path.isEmpty { found.insert(path) }
        guard found.count <= maximumCount else {
          throw FileError(path, .tooManyEntries(found.count, maximum: maximumCount))
        }
        continue
      }
      let component = components[index]
      if component == "**" {
        guard let identity = FileIdentity(of: path.isEmpty ? "." : path),
          visited.insert(Visit(directory: identity, component: index)).inserted
        else { continue }
        pending.append((path, index + 1))
        for name in (try? FileSystem.entries(of: path)) ?? [] {
          let below = Self.joined(path, name)
          if FileSystem.isDirectory(below) {
            pending.append((below, index))
          } else if index + 1 == components.count {
            pending.append((below, index + 1))
          }
        }
      } else if Self.isPattern(component) {
        for name in (try? FileSystem.names(in: path)) ?? []
        where Self.isMatch(name, component) {
          let below = Self.joined(path, name)
          if index + 1 == components.count || FileSystem.isDirectory(below) {
            pending.append((below, index + 1))
          }
        }
      } else {
        let below = Self.joined(path, component)
        if FileSystem.entryExists(below) { pending.append((below, index + 1)) }
      }
    }
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether a name matches a component of a pattern.
  package static func isMatch(_ name: String, _ pattern: String) -> Bool {
    if name.hasPrefix("."), !pattern.hasPrefix(".") { return false }
    let name = Array(name.unicodeScalars)
    let pattern = Array(pattern.unicodeScalars)
    var (position, index) = (0, 0)
    // Where the last `*` stands, and where what it matches ends.
    var star: (index: Int, position: Int)?
    while position < name.count {
      if index < pattern.count, pattern[index] == "*" {
        star = (index, position)
        index += 1
      } else if let next = step(name[position], pattern, index) {
        position += 1
        index = next
      } else if let last = star {
        star = (last.index, last.position + 1)
        (position, index) = (last.position + 1, last.index + 1)
      } else {
        return false
      }
    }
    return pattern[index...].allSatisfy { $0 == "*" }
  }

  /// Returns the index behind the part of a pattern that a character matches; nil if it does not.
  private static func step(
    _ character: Unicode.Scalar, _ pattern: [Unicode.Scalar], _ index: Int
  ) -> Int? {
    guard index < pattern.count else { return nil }
    if pattern[index] == "?" { return index + 1 }
    if pattern[index] == "[" {
      var start = index + 1
      let isInverted = start < pattern.count && ["!", "^"].contains(pattern[start])
      if isInverted { start += 1 }
      // A bracket right after the opening one is one of the characters.
      if let end = pattern.indices.dropFirst(start + 1).first(where: { pattern[$0] == "]" }) {
        let isOne = contains(character, pattern[start..<end])
        return isOne != isInverted ? end + 1 : nil
      }
    }
    return pattern[index] == character ? index + 1 : nil
  }

  /// Whether a character is one of a set such as `a-z0`.
  private static func contains(
    _ character: Unicode.Scalar, _ set: ArraySlice<Unicode.Scalar>
  ) -> Bool {
    var index = set.startIndex
    while index < set.endIndex {
      if index + 2 < set.endIndex, set[index + 1] == "-" {
        if set[index] <= character, character <= set[index + 2] { return true }
        index += 3
      } else {
        if set[index] == character { return true }
        index += 1
      }
    }
    return false
  }

  private static func joined(_ directory: String, _ name: String) -> String {
    directory.isEmpty || directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
  }

  private struct Visit: Hashable {
    let directory: FileIdentity
    let component: Int
  }
}
