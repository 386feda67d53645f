import YOLOGeometry

/// In which order the images of an epoch are trained on, and in which batches.
package struct EpochOrder: Sendable {
  /// The images of an epoch, by position.
  package let images: [Int]
  /// Those of the epoch before, whose last ones count as recent at the start.
  private let previous: [Int]
  /// How many recent images partners are taken from; all images if nil.
  private let recentCount: Int?

  /// Draws the order of an epoch.
  ///
  /// - Parameters:
  ///   - base: The images in the order that is shuffled.
  ///   - isShuffled: Whether the order is random.
  ///   - seed: The seed of the run.
  ///   - epoch: The epoch, from 0.
  ///   - recentCount: How many recent images partners are taken from; all images if nil.
  package init(base: [Int], isShuffled: Bool, seed: UInt64, epoch: Int, recentCount: Int?) {
    func order(_ epoch: Int) -> [Int] {
      guard isShuffled else { return base }
      var draws = Draws(seed: seed, epoch: epoch, stream: 0, purpose: .order)
      return draws.permutation(base.count).map { base[$0] }
    }
    images = order(epoch)
    previous = recentCount == nil ? [] : order(epoch - 1)
    self.recentCount = recentCount.map { min($0, base.count) }
  }

  /// The order of the index, with partners of all images: what recorded draws are replayed on.
  package init(all count: Int) {
    images = Array(0..<count)
    previous = []
    recentCount = nil
  }

  /// Draws a partner for the sample at a position.
  package func partner(at position: Int, draws: inout Draws) -> Int {
    guard let recentCount else { return draws.index(below: images.count) }
    let recent = position - draws.index(below: recentCount)
    return recent >= 0 ? images[recent] : previous[max(previous.count + recent, 0)]
  }
}
