import YOLOGraph
import YOLOTrainingData

/// The training sessions of the input sizes that were met last.
///
/// A session has memory of its own for a whole batch, so that few are kept.
final class SessionCache {
  private let graph: Graph
  private let store: ParameterStore
  private let momentum: Float
  private let threads: Int
  /// The sessions, the one used last at the end.
  private var sessions: [TrainingSession] = []

  /// The sizes of input that are kept ready: that of all batches, and of the last one, which may
  /// have fewer images.
  private static let limit = 2

  /// Creates an empty cache.
  ///
  /// - Parameters:
  ///   - graph: The graph, traced for training.
  ///   - store: Its parameters.
  ///   - momentum: The part of a batch's statistics that goes into the running ones.
  ///   - threads: The threads of a step.
  init(_ graph: Graph, store: ParameterStore, momentum: Float, threads: Int) {
    self.graph = graph
    self.store = store
    self.momentum = momentum
    self.threads = threads
  }

  /// Returns the session of a size, and maps its memory if it is not there yet.
  ///
  /// - Parameters:
  ///   - batch: The number of images.
  ///   - height: The rows of the input.
  ///   - width: The columns of the input.
  /// - Returns: The session, which is the cache's.
  /// - Throws: `GraphError`: what the network cannot take, and `tooLarge` or `outOfMemory` where the
  ///   machine has less memory than a step needs.
  func session(batch: Int, height: Int, width: Int) throws(GraphError) -> TrainingSession {
    if let index = sessions.firstIndex(where: {
      $0.batch == batch && $0.height == height && $0.width == width
    }) {
      let found = sessions.remove(at: index)
      sessions.append(found)
      return found
    }
    if sessions.count >= Self.limit { sessions.removeFirst() }
    let session: TrainingSession
    do throws(GraphError) {
      session = try make(batch: batch, height: height, width: width)
    } catch {
      // What is kept for another size may be what is missing.
      guard !sessions.isEmpty, error.isAboutMemory else { throw error }
      sessions = []
      session = try make(batch: batch, height: height, width: width)
    }
    sessions.append(session)
    return session
  }

  private func make(batch: Int, height: Int, width: Int) throws(GraphError) -> TrainingSession {
    // Linux gives more memory than there is, and ends the process that uses it.
    try TrainingSession(
      graph, parameters: store, batch: batch, height: height, width: width, momentum: momentum,
      threads: threads, memoryLimit: AvailableSpace.memory() ?? .max)
  }

  /// Frees the memory of all sessions.
  func releaseMemory() { sessions = [] }
}

extension GraphError {
  /// Whether less memory would do.
  fileprivate var isAboutMemory: Bool {
    switch self {
    case .tooLarge, .outOfMemory: true
    default: false
    }
  }
}
