import Synchronization
import YOLOGraph
import YOLOWeights

/// What a model keeps in memory.
extension Model {
  /// The memory that the model keeps, in bytes.
  ///
  /// Counted are the packed weights, each layout once; the arenas and the scratch memory of its
  /// sessions; and the bytes of the checkpoint if they were copied. A mapped checkpoint counts as
  /// nothing: its pages go back to the system once weights are packed. Not counted are the records
  /// of the checkpoint, the graph and the steps of plans. It grows with use: other input sizes may
  /// need other layouts and larger arenas. Cost: a few loads under a lock.
  public var memory: Int {
    plans.weightBytes + sessions.withLock { $0.byteCount } + checkpoint.copiedBytes
  }

  /// Releases the memory of sessions that are not in use; the next predictions map it anew.
  public func releaseSessions() {
    // The mappings are removed when the array goes, outside of the lock.
    _ = sessions.withLock { $0.removeIdle() }
  }
}
