#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A fixed run of `Float` values that starts at a 64-byte boundary (a cache line, an AVX-512 vector).
///
/// The memory is zero at first. It is not synchronized: whoever shares a storage between threads
/// decides who writes when.
public final class AlignedStorage: @unchecked Sendable {
  /// The first value.
  public let base: UnsafeMutablePointer<Float>
  /// The number of values.
  public let count: Int
  /// The memory of the values in bytes.
  public var byteCount: Int { count * MemoryLayout<Float>.stride }

  private let mappedBytes: Int
  /// The mapping that this storage is a part of, if it has none of its own.
  private let whole: AlignedStorage?

  /// Maps zeroed memory for `count` values; pages cost nothing until they are touched.
  public init(count: Int) {
    precondition(count >= 0)
    self.count = count
    mappedBytes = max(count * MemoryLayout<Float>.stride, 1)
    // SAFETY: an anonymous private mapping is page-aligned and zeroed; it is unmapped in deinit only.
    let memory = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      preconditionFailure("no memory for \(mappedBytes) bytes")
    }
    if mappedBytes >= 4 << 20 { madvise(memory, mappedBytes, MADV_HUGEPAGE) }
    base = memory.bindMemory(to: Float.self, capacity: count)
    whole = nil
  }

  /// Takes a part of another storage, from a 64-byte boundary on.
  init(_ range: Range<Int>, of whole: AlignedStorage) {
    precondition(range.lowerBound % 16 == 0 && range.upperBound <= whole.count)
    base = whole.base + range.lowerBound
    count = range.count
    mappedBytes = 0
    self.whole = whole
  }

  deinit {
    if whole == nil { munmap(base, mappedBytes) }
  }
}
