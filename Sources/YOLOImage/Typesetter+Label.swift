extension Typesetter {
  /// Sets a name and a value; if they are too wide the name is cut off with an ellipsis.
  ///
  /// Returns nil if not even the value fits.
  mutating func line(name: String, value: String?, maximumWidth: Int) -> Line? {
    let longest = min(maximumWidth, Self.maximumNameLength)
    func joined(_ name: String) -> String {
      [name.isEmpty ? nil : name, value].compactMap(\.self).joined(separator: " ")
    }
    let start = String(name.prefix(longest))
    if start.count == name.prefix(longest + 1).count,
      let line = line(joined(name), maximumWidth: maximumWidth)
    {
      return line
    }
    // The longest beginning that fits, by halving.
    var best = line(joined(""), maximumWidth: maximumWidth)
    var low = 1
    var high = start.count
    while low <= high {
      let middle = (low + high) / 2
      if let line = line(joined(start.prefix(middle) + "…"), maximumWidth: maximumWidth) {
        best = line
        low = middle + 1
      } else {
        high = middle - 1
      }
    }
    return best
  }

  /// How many characters of a name are shown at most.
  private static let maximumNameLength = 60
}
