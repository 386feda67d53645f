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
