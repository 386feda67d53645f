public import YOLOGraph
import YOLOSystem
public import YOLOTensor

/// The exponential moving average of all parameters and statistics, which is what a training is
/// rated by and what checkpoints hold.
///
/// The optimizer moves it with every step. It is not synchronized.
public final class MovingAverage: @unchecked Sendable {
  /// The averages at the offsets of the store's entries.
  public let values: UnsafeMutablePointer<Float>
  /// The number of elements, as in the store.
  public let count: Int
  /// The number of steps that have moved the average.
  public var updates: Int

  private let storage: AlignedStorage

  /// Starts with the values of a store.
  ///
  /// - Parameters:
  ///   - store: The parameters.
  ///   - updates: The number of steps before; more than 0 for a training that is resumed.
  /// - Throws: `AllocationFailure` where the system refuses the memory.
  public init(of store: ParameterStore, updates: Int = 0) throws(AllocationFailure) {
    storage = try AlignedStorage(mapping: store.count * MemoryLayout<Float>.stride)
    values = storage.floats
    count = store.count
    self.updates = updates
    values.update(from: store.values, count: count)
  }

  /// The weight of the average so far in the step of a number, counted from 1: small at first, so
  /// that it follows the training closely.
  public static func decay(update: Int) -> Double {
    0.9999 * (1 - exp(-Double(update) / 2000))
  }

  /// Replaces the average of every entry that has a value which is not finite by the store's values.
  ///
  /// - Returns: The number of such entries.
  @discardableResult
  public func repair(from store: ParameterStore) -> Int {
    var repaired = 0
    for entry in store.entries {
      var index = entry.offset
      let end = index + entry.count
      while index < end, values[index].isFinite { index += 1 }
      guard index < end else { continue }
      (values + entry.offset).update(from: store.values + entry.offset, count: entry.count)
      repaired += 1
    }
    return repaired
  }
}
