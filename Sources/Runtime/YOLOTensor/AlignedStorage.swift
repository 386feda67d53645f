import Synchronization
import YOLOSystem

/// Memory that the system refuses.
public struct AllocationFailure: Error, Hashable, CustomStringConvertible {
  /// The bytes that were asked for.
  public let bytes: Int

  /// One sentence for a person.
  public var description: String { "the system has no memory for \(bytes) bytes" }
}

/// A fixed run of bytes that starts at a 64-byte boundary (a cache line, an AVX-512 vector).
///
/// The memory is zero at first. It is not synchronized: whoever shares a storage between threads
/// decides who writes when.
public final class AlignedStorage: @unchecked Sendable {
  /// The first byte.
  public let base: UnsafeMutableRawPointer
  /// The number of bytes.
  public let byteCount: Int

  private let mappedBytes: Int
  /// The mapping that this storage is a part of, if it has none of its own.
  private let whole: AlignedStorage?

  /// Maps zeroed memory of a size that is no user's choice: fails where there is no memory.
  public convenience init(byteCount: Int) {
    do throws(AllocationFailure) {
      try self.init(mapping: byteCount)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Maps zeroed memory for `count` values of float32, as `init(byteCount:)`.
  public convenience init(floats count: Int) {
    self.init(byteCount: count * MemoryLayout<Float>.stride)
  }

  /// Maps zeroed memory; pages cost nothing until they are touched.
  ///
  /// - Throws: `AllocationFailure` where the system refuses the memory.
  public init(mapping byteCount: Int) throws(AllocationFailure) {
    precondition(byteCount >= 0)
    self.byteCount = byteCount
    mappedBytes = max(byteCount, 1)
    // SAFETY: an anonymous private mapping is page-aligned and zeroed; it is unmapped in deinit
    // only.
    let memory = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      throw AllocationFailure(bytes: mappedBytes)
    }
    if mappedBytes >= 4 << 20 { madvise(memory, mappedBytes, MADV_HUGEPAGE) }
    base = memory
    whole = nil
  }

  /// Shares a part of another storage, from a 64-byte boundary on.
  init(_ range: Range<Int>, of whole: AlignedStorage) {
    precondition(range.lowerBound % 64 == 0 && range.upperBound <= whole.byteCount)
    base = whole.base + range.lowerBound
    byteCount = range.count
    mappedBytes = 0
    self.whole = whole
  }

  deinit {
    if whole == nil { munmap(base, mappedBytes) }
  }

  /// The first byte as that of values of float32.
  @inlinable
  public var floats: UnsafeMutablePointer<Float> {
    // SAFETY: the memory is aligned for any type; its owner says what it holds.
    base.assumingMemoryBound(to: Float.self)
  }
}

/// Storages side by side in a few large mappings, so that they lie in huge pages: streaming through
/// the weights of a network then misses few translations.
///
/// A mapping is freed when the last storage in it is.
public final class StoragePool: Sendable {
  private struct State {
    var mapping: AlignedStorage?
    var used = 0
  }

  /// The bytes of a mapping; memory is taken from the system as it is touched.
  private static let mappingBytes = 64 << 20

  private let state = Mutex(State())

  /// Creates an empty pool.
  public init() {}

  /// Maps memory for storages that together take `byteCount` bytes, each rounded up to 64: those
  /// asked for next come from it.
  ///
  /// - Throws: `AllocationFailure` where the system refuses the memory.
  public func reserve(byteCount: Int) throws(AllocationFailure) {
    guard byteCount > 0 else { return }
    try state.withLock { state throws(AllocationFailure) in
      if let mapping = state.mapping, byteCount <= mapping.byteCount - state.used { return }
      state.mapping = try AlignedStorage(mapping: max(byteCount, Self.mappingBytes))
      state.used = 0
    }
  }

  /// Returns zeroed storage.
  public func storage(byteCount: Int) -> AlignedStorage {
    let size = (byteCount + 63) / 64 * 64
    return state.withLock { state in
      let mapping: AlignedStorage
      if let present = state.mapping, state.used + size <= present.byteCount {
        mapping = present
      } else {
        // What is as large as that wastes little in a mapping of its own.
        guard size < Self.mappingBytes / 4 else { return AlignedStorage(byteCount: byteCount) }
        mapping = AlignedStorage(byteCount: Self.mappingBytes)
        state.mapping = mapping
        state.used = 0
      }
      defer { state.used += size }
      return AlignedStorage(state.used..<state.used + byteCount, of: mapping)
    }
  }
}

extension AlignedStorage {
  /// Returns zeroed storage for values of float32 from a pool, or with a mapping of its own where
  /// there is none.
  package static func floats(_ count: Int, in pool: StoragePool?) -> AlignedStorage {
    let byteCount = count * MemoryLayout<Float>.stride
    return pool?.storage(byteCount: byteCount) ?? AlignedStorage(byteCount: byteCount)
  }
}
