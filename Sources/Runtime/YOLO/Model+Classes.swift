import YOLOGeometry
package import YOLOOptions
import YOLOSystem

/// Classes by index and by name.
extension Model {
  /// Returns options in which classes are indices alone, as this model has them.
  ///
  /// - Throws: `YOLOError` of code `option` for a class that the model does not have.
  package func resolved(_ options: PredictOptions) throws(YOLOError) -> PredictOptions {
    let classes = try classes(options)
    do {
      return try options.with {
        $0.classes = classes
        $0.classNames = nil
      }
    } catch {
      throw YOLOError(error)
    }
  }

  /// Returns the indices of the classes to keep, nil for all.
  ///
  /// Refuses classes that the model does not have: nothing would ever be found of them.
  func classes(_ options: PredictOptions) throws(YOLOError) -> Set<Int>? {
    let count = network.head.classCount
    if let unknown = options.classes?.filter({ $0 >= count }).min() {
      throw YOLOError(
        .option,
        "\(PredictOption.classes.name) must be from 0 to \(count - 1), the classes of this model, but "
          + "\(unknown) was given")
    }
    guard let wanted = options.classNames else { return options.classes }
    let known = names.filter { (0..<count).contains($0.index) }
    let unknown = wanted.subtracting(known.map(\.name))
    // The first in the alphabet, so that the same options throw the same error.
    if let name = unknown.min() { throw Self.unknownClass(name, of: count, known.map(\.name)) }
    let found = known.filter { wanted.contains($0.name) }.map(\.index)
    return (options.classes ?? []).union(found)
  }

  private static func unknownClass(
    _ name: String, of count: Int, _ known: [String]
  ) -> YOLOError {
    let near = NearNames(to: name, among: known).names
    let hint =
      near.isEmpty
      ? "" : "; like it are " + near.map { "\"\($0.excerpt())\"" }.joined(separator: ", ")
    return YOLOError(
      .option,
      "\(PredictOption.classes.name) must be names of the \(count) classes of this model, but "
        + "\"\(name.excerpt())\" was given\(hint)")
  }
}

/// The names that somebody may have meant who wrote another.
struct NearNames {
  /// The maximum number of names that are looked at, and of scalars of a name.
  private static let (nameLimit, lengthLimit) = (10_000, 64)
  /// The maximum number of names that are returned.
  private static let count = 3

  /// The nearest names, the nearest first; at most a third of the scalars differ.
  let names: [String]

  init(to name: String, among known: [String]) {
    let wanted = Self.scalars(of: name)
    let limit = max(1, wanted.count / 3)
    var near = [(distance: Int, name: String)]()
    for candidate in Set(known.prefix(Self.nameLimit)) {
      let scalars = Self.scalars(of: candidate)
      guard wanted.count <= Self.lengthLimit, scalars.count <= Self.lengthLimit,
        abs(scalars.count - wanted.count) <= limit
      else { continue }
      let distance = Self.distance(wanted, scalars)
      if distance <= limit { near.append((distance, candidate)) }
    }
    names = near.sorted { $0 < $1 }.prefix(Self.count).map(\.name)
  }

  private static func scalars(of name: String) -> [Unicode.Scalar] {
    // Longer names are not compared.
    Array(String(name.prefix(lengthLimit + 1)).lowercased().unicodeScalars)
  }

  /// Returns how many scalars must be inserted, removed or replaced (Levenshtein 1966).
  static func distance(_ first: [Unicode.Scalar], _ second: [Unicode.Scalar]) -> Int {
    var row = Array(0...second.count)
    for (i, scalar) in first.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, other) in second.enumerated() {
        let replaced = diagonal + (scalar == other ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
      }
    }
    return row[second.count]
  }
}
