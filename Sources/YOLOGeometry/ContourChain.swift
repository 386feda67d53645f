/// Joins several contours to one closed line.
enum ContourChain {
  typealias Position = ContourTracer.Position

  /// Returns the contours as one line, each linked to the next at their closest points.
  ///
  /// On the way there the first and the last contour are passed all around, those between from the
  /// link before them to the link after them; on the way back their rest.
  static func joined(_ contours: [[Position]]) -> [Position] {
    guard contours.count > 1 else { return contours.first ?? [] }
    // For each contour the point that links it with the one before and with the one after.
    var entries = [Int](repeating: 0, count: contours.count)
    var exits = entries
    for index in 1..<contours.count {
      (exits[index - 1], entries[index]) = closestPoints(contours[index - 1], contours[index])
    }
    exits[contours.count - 1] = entries[contours.count - 1]
    entries[0] = exits[0]

    var line: [Position] = []
    var returns: [ArraySlice<Position>] = []
    for (index, contour) in contours.enumerated() {
      let isMiddle = index > 0 && index < contours.count - 1
      let (entry, exit) = (entries[index], exits[index])
      if isMiddle {
        let closed =
          entry > exit
          ? closedLine(contour.reversed(), from: contour.count - 1 - entry)
          : closedLine(contour, from: entry)
        let turn = abs(exit - entry)
        line += closed[...turn]
        returns.append(closed[turn...])
      } else {
        line += closedLine(contour, from: entry)
      }
    }
    for rest in returns.reversed() { line += rest }
    return line
  }

  /// Returns the points from `start` around to `start` again, which is given twice.
  private static func closedLine(_ contour: [Position], from start: Int) -> [Position] {
    Array(contour[start...]) + contour[...start]
  }

  /// Returns the indices of the closest points, the first such pair in order of the first index,
  /// then of the second.
  private static func closestPoints(_ first: [Position], _ second: [Position]) -> (Int, Int) {
    // Runs of points lie close together: most runs are too far away to be looked at.
    let runLength = 32
    let runs = stride(from: 0, to: second.count, by: runLength).map { start in
      Extent(second[start..<min(start + runLength, second.count)])
    }
    let whole = Extent(second[...])
    var best = Int64.max
    var result = (0, 0)
    for (index, point) in first.enumerated() where whole.squaredDistance(to: point) < best {
      for (run, extent) in runs.enumerated() where extent.squaredDistance(to: point) < best {
        let start = run * runLength
        for other in start..<min(start + runLength, second.count) {
          let distance = squaredLength(second[other] &- point)
          if distance < best {
            best = distance
            result = (index, other)
          }
        }
      }
    }
    return result
  }

  private static func squaredLength(_ way: Position) -> Int64 {
    Int64(way.x) * Int64(way.x) + Int64(way.y) * Int64(way.y)
  }

  /// The minimum rectangle around points.
  private struct Extent {
    private var lower: Position
    private var upper: Position

    init(_ points: ArraySlice<Position>) {
      lower = Position(repeating: .max)
      upper = Position(repeating: .min)
      for point in points {
        lower.replace(with: point, where: point .< lower)
        upper.replace(with: point, where: point .> upper)
      }
    }

    func squaredDistance(to point: Position) -> Int64 {
      let before = (lower &- point).replacing(with: 0, where: lower .< point)
      let after = (point &- upper).replacing(with: 0, where: point .< upper)
      return ContourChain.squaredLength(before &+ after)
    }
  }
}
