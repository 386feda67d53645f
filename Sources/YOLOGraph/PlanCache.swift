import Synchronization

/// The plans of a graph, made when an input extent is first met and kept for the most recent ones.
public final class PlanCache: Sendable {
  private struct Key: Hashable {
    let height: Int
    let width: Int
  }

  private struct State {
    var plans: [Key: Plan] = [:]
    /// The keys, the least recently used first.
    var order: [Key] = []

    mutating func use(_ key: Key) -> Plan? {
      guard let plan = plans[key] else { return nil }
      order.removeAll { $0 == key }
      order.append(key)
      return plan
    }

    /// Keeps a plan, or returns the one that another thread kept meanwhile.
    mutating func insert(
      _ plan: Plan, for key: Key, capacity: Int
    ) -> Plan {
      if let present = use(key) { return present }
      if order.count == capacity { plans[order.removeFirst()] = nil }
      plans[key] = plan
      order.append(key)
      return plan
    }
  }

  /// The graph.
  package let graph: Graph

  private let planner: Planner
  private let weights: PackedWeights
  private let capacity: Int
  private let state = Mutex(State())

  /// Creates an empty cache of at most `capacity` plans.
  public init(
    graph: Graph, planner: Planner, weights: PackedWeights = PackedWeights(), capacity: Int = 16
  ) {
    precondition(capacity > 0)
    self.graph = graph
    self.planner = planner
    self.weights = weights
    self.capacity = capacity
  }

  /// Returns the plan for an input of the given extent.
  public func plan(height: Int, width: Int) throws(GraphError) -> Plan {
    let key = Key(height: height, width: width)
    if let plan = state.withLock({ $0.use(key) }) { return plan }
    let plan = try planner.plan(graph, height: height, width: width, weights: weights)
    return state.withLock { $0.insert(plan, for: key, capacity: capacity) }
  }

  /// Returns a plan, not kept, after whose run the outputs of the given modules are there, too.
  public func plan(
    height: Int, width: Int, keeping paths: [String]
  ) throws(GraphError) -> Plan {
    var planner = planner
    planner.kept = paths
    return try planner.plan(graph, height: height, width: width, weights: weights)
  }

  /// Measures the native kernels that can compute each convolution, on one thread.
  public func kernelRankings(
    height: Int, width: Int, runs: Int
  ) throws(GraphError) -> [KernelRanking] {
    try planner.rankings(graph, height: height, width: width, runs: runs)
  }

  /// The memory of the packed weights in bytes.
  package var weightBytes: Int { weights.byteCount }

  /// The number of plans held.
  package var count: Int { state.withLock { $0.plans.count } }
}
