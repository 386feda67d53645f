/// The nearest of several names to one that is misspelled.
enum NearestName {
  /// Returns the nearest name; nil if none is near.
  ///
  /// - Parameters:
  ///   - name: The misspelled name, of which 40 bytes count.
  ///   - names: The names there are.
  /// - Returns: The name with the fewest changes of a letter, a third of the letters at most.
  static func of(_ name: String, among names: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().utf8.prefix(40))
    var best: (name: String, distance: Int)?
    for candidate in names {
      let letters = Array(candidate.lowercased().utf8)
      var distance = distance(wanted, letters)
      // A name that begins or ends like it is meant more likely than another word of its length.
      let isPart =
        wanted.count >= 3 && (letters.starts(with: wanted) || wanted.starts(with: letters))
      if isPart { distance = min(distance, 2) }
      let bound = max(max(wanted.count, letters.count) / 3, 1)
      guard distance <= bound || isPart, distance < best?.distance ?? .max else { continue }
      best = (candidate, distance)
    }
    return best?.name
  }

  /// The number of letters that are added, left out, replaced or swapped with their neighbor.
  private static func distance(_ first: [UInt8], _ second: [UInt8]) -> Int {
    var before = [Int]()
    var last = Array(0...second.count)
    for (row, letter) in first.enumerated() {
      var current = [row + 1]
      for (column, other) in second.enumerated() {
        var cost = min(last[column + 1] + 1, current[column] + 1)
        cost = min(cost, last[column] + (letter == other ? 0 : 1))
        if row > 0, column > 0, letter == second[column - 1], first[row - 1] == other {
          cost = min(cost, before[column - 1] + 1)
        }
        current.append(cost)
      }
      before = last
      last = current
    }
    return last[second.count]
  }
}
