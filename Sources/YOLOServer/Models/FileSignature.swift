#if Server
import Foundation

/// What tells one state of a file from another: two names with the same signature are one file.
struct FileSignature: Sendable, Hashable {
  /// The device that the file lies on.
  let device: UInt64
  /// The number of the file on it.
  let inode: UInt64
  /// The size in bytes.
  let size: Int
  /// The seconds and nanoseconds of the last writing.
  let modified: [Int]

  init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
    size = Int(status.st_size)
    modified = [Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
  }
}
#endif
