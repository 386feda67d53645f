/// The smallest convex polygon around points.
enum ConvexHull {
  /// Returns the hull's corners in order, none of them on a line between its neighbors (the
  /// monotone chain of Andrew); one corner if all points are the same, none without points.
  static func corners(of points: [SIMD2<Double>]) -> [SIMD2<Double>] {
    let sorted = points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
    guard let first = sorted.first, let last = sorted.last, first != last else {
      return Array(sorted.prefix(1))
    }
    func chain(_ points: some Sequence<SIMD2<Double>>) -> [SIMD2<Double>] {
      var chain: [SIMD2<Double>] = []
      for point in points {
        while chain.count > 1 {
          let side = chain[chain.count - 1] - chain[chain.count - 2]
          let next = point - chain[chain.count - 2]
          guard side.x * next.y - side.y * next.x <= 0 else { break }
          chain.removeLast()
        }
        chain.append(point)
      }
      return chain
    }
    return chain(sorted).dropLast() + chain(sorted.reversed()).dropLast()
  }
}
