import Synchronization

/// Storages side by side in a few large mappings, so that they lie in huge pages: streaming through
/// the weights of a network then misses few translations.
///
/// A mapping is freed when the last storage in it is.
public final class StoragePool: Sendable {
  private struct State {
    var mapping: AlignedStorage?
    var used = 0
  }

  /// The values of a mapping, 64 MiB; memory is taken from the system as it is touched.
  private static let mappingCount = 16 << 20

  private let state = Mutex(State())

  /// Creates an empty pool.
  public init() {}

  /// Maps memory for storages that together take `count` values: those asked for next come from it.
  ///
  /// - Throws: `AllocationFailure` where the system refuses the memory.
  public func reserve(count: Int) throws(AllocationFailure) {
    guard count > 0 else { return }
    try state.withLock { state throws(AllocationFailure) in
      if let mapping = state.mapping, count <= mapping.count - state.used { return }
      state.mapping = try AlignedStorage(mapping: max(count, Self.mappingCount))
      state.used = 0
    }
  }

  /// Returns zeroed storage for `count` values.
  public func storage(count: Int) -> AlignedStorage {
    let size = (count + 15) / 16 * 16
    return state.withLock { state in
      let mapping: AlignedStorage
      if let present = state.mapping, state.used + size <= present.count {
        mapping = present
      } else {
        // What is as large as that wastes little in a mapping of its own.
        guard size < Self.mappingCount / 4 else { return AlignedStorage(count: count) }
        mapping = AlignedStorage(count: Self.mappingCount)
        state.mapping = mapping
        state.used = 0
      }
      defer { state.used += size }
      return AlignedStorage(state.used..<state.used + count, of: mapping)
    }
  }
}

extension AlignedStorage {
  /// Returns zeroed storage from a pool, or with a mapping of its own where there is none.
  public static func new(in pool: StoragePool?, count: Int) -> AlignedStorage {
    pool?.storage(count: count) ?? AlignedStorage(count: count)
  }
}
