import CheckpointFuzzing
import Glibc

/// The numbers of a worker, in a file that the driver maps, too: they outlive the worker.
final class Progress {
  /// What is counted.
  enum Field: Int, CaseIterable {
    /// The case that runs, or -1.
    case current
    case done
    case predicted
    case refusedFile
    case refusedModel
    case refusedTooLarge
    case refusedOtherwise
    case wrong
    /// The largest memory so far, in KiB.
    case resident
    /// The slowest case in milliseconds, and its number.
    case slowest
    case slowestCase
  }

  private let base: UnsafeMutablePointer<Int>
  private static let byteCount = Field.allCases.count * MemoryLayout<Int>.stride

  /// Maps the file of a path, which is created where it is missing.
  init?(path: String) {
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard ftruncate(descriptor, Self.byteCount) == 0 else { return nil }
    let memory = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let memory, memory != MAP_FAILED else { return nil }
    // SAFETY: the mapping holds as many integers as there are fields; it lives as long as the
    // process.
    base = memory.bindMemory(to: Int.self, capacity: Field.allCases.count)
  }

  subscript(field: Field) -> Int {
    get { base[field.rawValue] }
    set { base[field.rawValue] = newValue }
  }

  /// Counts the end of a case.
  func count(_ ending: FuzzCase.Ending) {
    switch ending {
    case .predicted: self[.predicted] += 1
    case .refused("file"), .refused("checkpoint"): self[.refusedFile] += 1
    case .refused("model"): self[.refusedModel] += 1
    case .refused("too-large"): self[.refusedTooLarge] += 1
    case .refused: self[.refusedOtherwise] += 1
    case .wrong: self[.wrong] += 1
    }
  }
}
