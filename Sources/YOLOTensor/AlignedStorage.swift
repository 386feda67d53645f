#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Memory that the system refuses.
public struct AllocationFailure: Error, Hashable, CustomStringConvertible {
  /// The bytes that were asked for.
  public let bytes: Int

  /// One sentence for a person.
  public var description: String { "the system has no memory for \(bytes) bytes" }
}

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

  /// Maps zeroed memory for `count` values, of a size that is no user's choice: fails where there is no
  /// memory.
  public convenience init(count: Int) {
    do throws(AllocationFailure) {
      try self.init(mapping: count)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Maps zeroed memory for `count` values; pages cost nothing until they are touched.
  ///
  /// - Throws: `AllocationFailure` where the system refuses the memory.
  public init(mapping count: Int) throws(AllocationFailure) {
    precondition(count >= 0)
    self.count = count
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(
      by: MemoryLayout<Float>.stride)
    guard !overflow else { throw AllocationFailure(bytes: .max) }
    mappedBytes = bytes
    // SAFETY: an anonymous private mapping is page-aligned and zeroed; it is unmapped in deinit only.
    let memory = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      throw AllocationFailure(bytes: bytes)
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
