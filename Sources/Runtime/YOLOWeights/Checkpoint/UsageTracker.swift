import Synchronization

/// Records which tensors of a checkpoint were asked for, and which attributes where that is wanted.
///
/// Safe to use from several threads.
package final class UsageTracker: Sendable {
  /// The file's name, for messages.
  package let file: String
  private let state = Mutex(State())
  /// Whether attributes are recorded: tests alone ask for them, and a model reads thousands.
  private let recordsAttributes = Atomic(false)

  private struct State {
    var used: Set<String> = []
    var missing: Set<String> = []
    var mismatched: Set<ShapeMismatch> = []
    var attributes: Set<String> = []
  }

  init(file: String) { self.file = file }

  func use(_ key: String) { state.withLock { _ = $0.used.insert(key) } }
  func use(_ keys: [String]) { state.withLock { $0.used.formUnion(keys) } }
  func read(_ key: String, of className: String) {
    guard recordsAttributes.load(ordering: .relaxed) else { return }
    state.withLock { _ = $0.attributes.insert("\(className).\(key)") }
  }
  /// Records from now on which attributes are asked for.
  package func recordAttributes() { recordsAttributes.store(true, ordering: .relaxed) }
  /// The attributes that were asked for since then, as class and name: `Conv2d.stride`.
  package var attributes: Set<String> { state.withLock { $0.attributes } }
  func miss(_ key: String) { state.withLock { _ = $0.missing.insert(key) } }
  func mismatch(_ mismatch: ShapeMismatch) { state.withLock { _ = $0.mismatched.insert(mismatch) } }
  func reset() { state.withLock { $0 = State() } }

  /// Compares what was asked for with what a record holds.
  func report(on record: ModuleRecord) -> UsageReport {
    let state = self.state.withLock { $0 }
    var unused: [String] = []
    func visit(_ record: ModuleRecord) {
      for name in record.tensorNames where !Self.isIncidental(name) {
        let key = record.key(of: name)
        if !state.used.contains(key) { unused.append(key) }
      }
      for child in record.children { visit(child) }
    }
    visit(record)
    return UsageReport(
      unused: unused, missing: state.missing.sorted(),
      mismatched: state.mismatched.sorted { $0.key < $1.key })
  }

  /// Training counters, and anchors that the head computes anew.
  private static func isIncidental(_ name: String) -> Bool {
    ["num_batches_tracked", "anchors", "strides"].contains(name)
  }
}

/// How well a model and its weight file fit together, after the model was built.
public struct UsageReport: Sendable, Equatable {
  /// Keys of tensors in the file that nothing asked for, in the order of the file.
  public let unused: [String]
  /// Keys of tensors that were asked for but are not in the file, sorted.
  public let missing: [String]
  /// Tensors of another shape than asked for, sorted by key.
  public let mismatched: [ShapeMismatch]

  /// Whether every tensor was used and every wish fulfilled.
  public var isComplete: Bool { unused.isEmpty && missing.isEmpty && mismatched.isEmpty }

  /// Creates a report.
  public init(unused: [String], missing: [String], mismatched: [ShapeMismatch]) {
    self.unused = unused
    self.missing = missing
    self.mismatched = mismatched
  }
}

extension UsageReport: CustomStringConvertible {
  /// One line for every kind of fault, or a line that says that there is none.
  public var description: String {
    var lines: [String] = []
    func list(_ title: String, _ keys: [String]) {
      guard !keys.isEmpty else { return }
      let shown = keys.prefix(10).map(printable).joined(separator: ", ")
      lines.append("\(keys.count) \(title): \(shown)\(keys.count > 10 ? ", …" : "")")
    }
    list("unused", unused)
    list("missing", missing)
    list("mismatched", mismatched.map { "\($0.key) (needs \($0.expected), has \($0.found))" })
    return lines.isEmpty ? "every tensor is used" : lines.joined(separator: "\n")
  }
}
