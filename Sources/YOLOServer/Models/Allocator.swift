#if Server
import Foundation

/// The allocator of the C library.
enum Allocator {
  /// Releases free memory to the system, where the C library can be told to.
  static func trim() {
    guard let symbol = dlsym(nil, "malloc_trim") else { return }
    typealias Trim = @convention(c) (Int) -> Int32
    // SAFETY: the documented signature is `int (size_t)`; the header is not in the module Glibc.
    _ = unsafeBitCast(symbol, to: Trim.self)(0)
  }
}
#endif
