import Synchronization

/// The plans of a graph, made when a shape of inputs is first met and kept for the most recent
/// ones.
public final class PlanCache: Sendable {
  private struct Key: Hashable {
    let batch: Int
    let height: Int
    let width: Int
  }

  /// A plan that is there, or that one caller makes while others wait for it.
  private final class Slot: Sendable {
    let plan = Mutex<Plan?>(nil)
  }

  private struct State {
    var slots: [Key: Slot] = [:]
    /// The keys, the least recently used first.
    var order: [Key] = []

    /// Returns the slot of a key, and makes it the most recently used.
    mutating func slot(_ key: Key, capacity: Int) -> Slot {
      if let slot = slots[key] {
        if order.last != key {
          order.removeAll { $0 == key }
          order.append(key)
        }
        return slot
      }
      if order.count == capacity { slots[order.removeFirst()] = nil }
      let slot = Slot()
      slots[key] = slot
      order.append(key)
      return slot
    }

    /// Removes a slot that no plan came into.
    mutating func remove(_ slot: Slot, _ key: Key) {
      guard slots[key] === slot else { return }
      slots[key] = nil
      order.removeAll { $0 == key }
    }
  }

  /// The graph as inference computes it.
  package let graph: Graph

  private let traced: Graph
  private let planner: Planner
  private let weights: PackedWeights
  private let capacity: Int
  private let planned: @Sendable () -> Void
  private let state = Mutex(State())

  /// Creates an empty cache of at most `capacity` plans.
  ///
  /// - Parameters:
  ///   - graph: The graph, as it was traced.
  ///   - planner: What makes the plans.
  ///   - weights: The packed parameters, which all plans share.
  ///   - capacity: The maximum number of plans that are kept.
  ///   - planned: Called each time a plan was made, and parameters may have been read for it.
  public init(
    graph: Graph, planner: Planner, weights: PackedWeights = PackedWeights(), capacity: Int = 16,
    planned: @escaping @Sendable () -> Void = {}
  ) {
    precondition(capacity > 0)
    traced = graph
    self.graph = graph.simplified()
    self.planner = planner
    self.weights = weights
    self.capacity = capacity
    self.planned = planned
  }

  /// Returns the plan for so many inputs of the given size.
  ///
  /// Of several first callers one makes the plan, and the others wait for it.
  public func plan(batch: Int = 1, height: Int, width: Int) throws(GraphError) -> Plan {
    let key = Key(batch: batch, height: height, width: width)
    let slot = state.withLock { $0.slot(key, capacity: capacity) }
    do throws(GraphError) {
      return try slot.plan.withLock { plan throws(GraphError) in
        if let plan { return plan }
        defer { planned() }
        let made = try planner.plan(
          graph, batch: batch, height: height, width: width, weights: weights)
        plan = made
        return made
      }
    } catch {
      state.withLock { $0.remove(slot, key) }
      throw error
    }
  }

  /// Returns a plan, not kept, after whose run the outputs of the given modules are there, too.
  public func plan(
    height: Int, width: Int, keeping paths: [String]
  ) throws(GraphError) -> Plan {
    var planner = planner
    planner.kept = paths
    defer { planned() }
    let isSimplified = paths.allSatisfy { graph.modules[$0] != nil }
    return try planner.plan(
      isSimplified ? graph : traced, height: height, width: width, weights: weights)
  }

  /// Measures the native kernels that can compute each convolution, on one thread.
  public func kernelRankings(
    height: Int, width: Int, runs: Int
  ) throws(GraphError) -> [KernelRanking] {
    try planner.rankings(graph, height: height, width: width, runs: runs)
  }

  /// The memory of the packed parameters in bytes.
  package var weightBytes: Int { weights.byteCount }

  /// The number of plans held.
  package var count: Int { state.withLock { $0.slots.count } }
}
