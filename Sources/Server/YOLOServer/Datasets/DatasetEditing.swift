#if Server
import GRDB
import JSONText
import YOLOSystem

/// Changes of many images of a dataset at once, each in one transaction.
extension DatasetRepository {
  /// Moves images of one dataset of an account into a part.
  ///
  /// - Parameters:
  ///   - ids: The images.
  ///   - split: The part.
  ///   - policy: What becomes of those whose name an image of that part has; nil to refuse.
  ///   - account: Whose they are.
  /// - Returns: How many were moved, and how many left where they are.
  /// - Throws: `PlatformError.namesake` for a name that the part has, without a policy.
  func moveImages(
    _ ids: [String], to split: String, _ policy: ConflictPolicy?, by account: Account
  ) async throws(PlatformError) -> (moved: Int, skipped: Int) {
    let now = clock()
    let counts = try await database.write { database in
      let (images, dataset) = try Self.editable(database, ids, of: account)
      let chosen = Set(ids)
      var moved = 0
      for image in images where image.split != split {
        if policy != .keepBoth {
          let others = try String.fetchAll(
            database.cachedStatement(
              sql: "SELECT id FROM image WHERE dataset = ? AND name = ? AND split = ?"),
            arguments: [dataset.id, image.name, split]
          ).filter { !chosen.contains($0) }
          if !others.isEmpty {
            guard let policy else {
              throw PlatformError.namesake(name: image.name.excerpt(), split: split)
            }
            if policy == .skip { continue }
            for other in others {
              try database.execute(sql: "DELETE FROM image WHERE id = ?", arguments: [other])
            }
          }
        }
        try database.execute(
          sql: "UPDATE image SET split = ?, updated = ? WHERE id = ?",
          arguments: [split, now, image.id])
        moved += 1
      }
      if moved > 0 {
        try Self.noteImages(database, dataset, "moved to \(split)", count: moved, now: now)
      }
      return (moved: moved, skipped: images.count - moved)
    }
    if policy == .replace { await store.collectQuietly() }
    return counts
  }

  /// How the images of a dataset are to be parted, in hundredths.
  struct SplitRatios: Sendable, Hashable {
    let train: Int
    let val: Int
    let test: Int

    /// Checks that they are all.
    func check() throws(PlatformError) {
      for (name, value) in [("train", train), ("val", val), ("test", test)]
      where !(0...100).contains(value) {
        throw .invalid(argument: name, given: "\(value)", expected: "from 0 to 100")
      }
      guard train + val + test == 100 else {
        throw .invalid(
          argument: "train", given: "\(train) + \(val) + \(test)",
          expected: "with val and test 100 in all")
      }
    }

    /// Returns how many of some images each part gets; what is left over goes to the largest
    /// remainders, the first of equal ones.
    func counts(of total: Int) -> [(split: String, count: Int)] {
      var parts = [("train", train), ("val", val), ("test", test)].map { name, ratio in
        (split: name, count: total * ratio / 100, remainder: total * ratio % 100)
      }
      let left = total - parts.map(\.count).reduce(0, +)
      let order = parts.indices.sorted {
        (-parts[$0].remainder, $0) < (-parts[$1].remainder, $1)
      }
      for index in order.prefix(left) { parts[index].count += 1 }
      return parts.map { ($0.split, $0.count) }
    }
  }

  /// Parts the images of a dataset anew, at random; the same contents are parted the same way by
  /// the same seed.
  ///
  /// - Returns: The images of each part, and how many have changed theirs.
  /// - Throws: `PlatformError.emptyDataset` without images.
  func redistribute(
    _ locator: ResourceLocator, _ ratios: SplitRatios, seed: UInt64, by account: Account
  ) async throws(PlatformError) -> (dataset: DatasetRow, modified: Int) {
    try ratios.check()
    let now = clock()
    return try await database.write { database in
      let dataset = try Self.quiet(database, locator, of: account, now: now)
      guard dataset.images > 0 else { throw PlatformError.emptyDataset(dataset.slug) }
      var images = try Row.fetchAll(
        database, sql: "SELECT id, split FROM image WHERE dataset = ? ORDER BY sha, copy, id",
        arguments: [dataset.id]
      ).map { (id: $0["id"] as String, split: $0["split"] as String) }
      var numbers = SeededNumbers(seed: seed)
      for index in images.indices.dropFirst().reversed() {
        images.swapAt(index, numbers.next(below: index + 1))
      }
      let update = try database.cachedStatement(
        sql: "UPDATE image SET split = ?, updated = ? WHERE id = ?")
      var modified = 0
      var start = 0
      for (split, count) in ratios.counts(of: images.count) {
        for image in images[start..<start + count] where image.split != split {
          try update.execute(arguments: [split, now, image.id])
          modified += 1
        }
        start += count
      }
      if modified > 0 {
        try Self.noteImages(database, dataset, "redistributed", count: modified, now: now)
      }
      return (try DatasetTable.row(database, .id(dataset.id), of: account), modified)
    }
  }

  /// Removes classes of a dataset and their labels; the others close up.
  ///
  /// - Returns: The dataset, and how many labels are gone.
  /// - Throws: `PlatformError.invalid` for a class that there is not.
  func deleteClasses(
    _ indices: [Int], of locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> (dataset: DatasetRow, labels: Int) {
    try await changeClasses(locator, by: account) { dataset in
      let removed = try dataset.checkClasses("classIds", indices)
      return dataset.classNames.indices.map { removed.contains($0) ? nil : $0 }
    }
  }

  /// Turns labels of classes into those of another one, and removes the classes.
  ///
  /// - Throws: `PlatformError.invalid` for a class that there is not, or a target among the sources.
  func mergeClasses(
    _ sources: [Int], into target: Int, of locator: ResourceLocator, by account: Account
  ) async throws(PlatformError) -> DatasetRow {
    try await changeClasses(locator, by: account) { dataset in
      let merged = try dataset.checkClasses("sourceClassIds", sources)
      guard !merged.contains(try dataset.checkClasses("targetClassId", [target]).first ?? target)
      else {
        throw PlatformError.invalid(
          argument: "targetClassId", given: "\(target)", expected: "none of sourceClassIds")
      }
      return dataset.classNames.indices.map { merged.contains($0) ? target : $0 }
    }.dataset
  }

  /// Changes the classes of a dataset and of all of its labels.
  ///
  /// - Parameters:
  ///   - locator: The dataset.
  ///   - account: Whose it is.
  ///   - plan: Returns what each class becomes: itself, another one, or nil to remove it; the
  ///     classes that remain themselves close up.
  /// - Returns: The dataset, and how many labels are gone.
  /// - Throws: What `plan` throws.
  private func changeClasses(
    _ locator: ResourceLocator, by account: Account,
    _ plan: @escaping @Sendable (DatasetRow) throws -> [Int?]
  ) async throws(PlatformError) -> (dataset: DatasetRow, labels: Int) {
    let now = clock()
    return try await database.write { database in
      let dataset = try Self.quiet(database, locator, of: account, now: now)
      let plan = try plan(dataset)
      let kept = plan.indices.filter { plan[$0] == $0 }
      let positions = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
      let classes = plan.map { $0.flatMap { positions[$0] } }
      let first = classes.indices.first { classes[$0] != $0 } ?? classes.count
      let affected = try String.fetchAll(
        database,
        sql: "SELECT DISTINCT image FROM imageClass WHERE dataset = ? AND class >= ?",
        arguments: [dataset.id, first])
      var removed = 0
      let select = try database.cachedStatement(sql: "SELECT rows FROM image WHERE id = ?")
      let update = try database.cachedStatement(
        sql: "UPDATE image SET rows = ?, labels = ?, updated = ? WHERE id = ?")
      for id in affected {
        guard let text = try StoredJSON.fetchOne(select, arguments: [id]) else { continue }
        let rows = ImageTable.numbers(of: text.value)
        let changed: [[Float]] = rows.compactMap { row in
          guard let index = row.first.map({ Int($0) }), classes.indices.contains(index),
            let new = classes[index]
          else { return nil }
          return [Float(new)] + row.dropFirst()
        }
        removed += rows.count - changed.count
        try update.execute(arguments: [ImageTable.text(of: changed), changed.count, now, id])
      }
      try DatasetTable.update(
        database, id: dataset.id,
        [("classNames", StoredJSON(texts: kept.map { dataset.classNames[$0] }))])
      try Self.noteImages(
        database, dataset, "classes changed", count: affected.count, now: now)
      return (try DatasetTable.row(database, .id(dataset.id), of: account), removed)
    }
  }

  /// Returns a dataset of an account that no file is taken into.
  static func quiet(
    _ database: Database, _ locator: ResourceLocator, of account: Account, now: Int
  ) throws -> DatasetRow {
    let dataset = try DatasetTable.row(database, locator, of: account)
    try DatasetTable.checkQuiet(database, dataset, now: now)
    return dataset
  }
}

extension DatasetRow {
  /// Checks classes of a request.
  fileprivate func checkClasses(
    _ argument: String, _ indices: [Int]
  ) throws(PlatformError) -> Set<Int> {
    guard (1...25_000).contains(indices.count) else {
      throw .invalid(
        argument: argument, given: "\(indices.count) classes", expected: "1 to 25000 classes")
    }
    if let unknown = indices.first(where: { !classNames.indices.contains($0) }) {
      throw .invalid(
        argument: argument, given: "\(unknown)",
        expected: "classes of the dataset, which has \(classNames.count)")
    }
    return Set(indices)
  }
}

/// Random numbers that a seed determines (SplitMix64), the same on every machine.
private struct SeededNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next(below limit: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((value ^ (value >> 31)) % UInt64(limit))
  }
}
#endif
