/// Is told of the steps of a run as they open.
package final class StepObserver: @unchecked Sendable {
  let opened: (Int) -> Void

  /// Creates an observer; `opened` is called with the index of each step as it opens and with their
  /// number at the end, by one thread at a time.
  package init(_ opened: @escaping (Int) -> Void) { self.opened = opened }
}
