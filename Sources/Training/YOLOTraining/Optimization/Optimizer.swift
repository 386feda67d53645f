public import YOLOGraph
import YOLOKernels
import YOLOSystem
public import YOLOTensor

/// Changes the parameters of a store along their gradients, and moves the average with them.
///
/// A step bounds the norm of all gradients, applies the rule, moves the average and clears the
/// gradients; each value is visited twice. Steps allocate nothing, and their results do not depend
/// on the number of threads. Frozen parameters are not touched.
///
/// Memory besides the store's: a run of its length for each of `OptimizerKind.stateNames`, and with
/// MuSGD one more. It is not synchronized.
public final class Optimizer: @unchecked Sendable {
  /// The norm of all gradients together that a step does not exceed.
  public static let maximumNorm = 10.0

  /// The rule.
  public let kind: OptimizerKind
  /// The groups, in the order of their rates in results and checkpoints.
  public let groups: [OptimizerGroup]
  /// The learning rate of each group, the boost included, that the next step takes.
  public var rates: [Double]
  /// The momentum, or first beta, that the next step takes.
  public var momentum: Double
  /// The number of steps taken, those of a resumed training included.
  public var steps = 0
  /// NAdam: the product of the momenta of all steps.
  public var momentumProduct: Float = 1

  private let store: ParameterStore
  private let average: MovingAverage
  private let states: [AlignedStorage]
  private let orthogonal: AlignedStorage?
  private let muonScratch: AlignedStorage?
  private let memory: StepMemory
  private let runner = ParallelRunner()
  private let measure: StepList
  private let change: StepList
  private let threads: Int
  private let scratchStrideBytes: Int

  /// The second beta of the kinds that have betas.
  private static let secondBeta = 0.999
  /// What RMSprop keeps of the mean square in a step.
  private static let alpha = 0.99
  /// How fast NAdam's momentum reaches its value.
  private static let momentumDecay = 0.004
  /// The fraction of the learning rate along the orthogonalized momentum.
  private static let muonFraction = 0.2

  /// Prepares an optimizer without any state.
  ///
  /// - Parameters:
  ///   - choice: The rule, its rate and its momentum.
  ///   - store: The parameters.
  ///   - average: The moving average of the same store.
  ///   - weightDecay: The decay, see `OptimizerGroup.scaledDecay`.
  ///   - threads: The number of threads of a step.
  /// - Throws: `AllocationFailure` where the system refuses the memory.
  public init(
    _ choice: OptimizerChoice, store: ParameterStore, average: MovingAverage, weightDecay: Double,
    threads: Int
  ) throws(AllocationFailure) {
    precondition(store.count == average.count, "the average is of this store")
    kind = choice.kind
    momentum = choice.momentum
    self.store = store
    self.average = average
    self.threads = max(threads, 1)
    groups = OptimizerGroup.groups(of: store, for: choice.kind, weightDecay: weightDecay)
    rates = groups.map { $0.boost * choice.learningRate }
    let bytes = max(store.count, 16) * MemoryLayout<Float>.stride
    var states = [AlignedStorage]()
    for _ in choice.kind.stateNames { states.append(try AlignedStorage(mapping: bytes)) }
    self.states = states
    let layout = StepLayout(store: store, groups: groups, isMuon: choice.kind == .muSGD)
    orthogonal = layout.muons.isEmpty ? nil : try AlignedStorage(mapping: bytes)
    // Whole lines, so that threads do not share one.
    let scratchCount = (layout.muons.map { $0.iteration.scratchCount }.max() ?? 0) + 16
    scratchStrideBytes = (scratchCount * MemoryLayout<Float>.stride + 127) / 128 * 128
    muonScratch =
      layout.muons.isEmpty
      ? nil : try AlignedStorage(mapping: scratchStrideBytes * self.threads)
    let memory = StepMemory(
      layout, kind: choice.kind, groupCount: groups.count, values: store.values,
      gradients: store.gradients, average: average.values, first: states[0].floats,
      second: states.count > 1 ? states[1].floats : states[0].floats,
      orthogonal: orthogonal?.floats ?? states[0].floats)
    self.memory = memory
    measure = StepList(memory.packs.count > 0 ? [NormKernel(memory: memory)] : [])
    var kernels: [any StepKernel] = []
    if !layout.muons.isEmpty { kernels.append(MuonKernel(memory: memory)) }
    if memory.packs.count > 0 { kernels.append(UpdateKernel(memory: memory)) }
    change = StepList(kernels)
  }

  /// Moves the parameters by one step along the gradients of the store, and clears these.
  ///
  /// - Returns: The norm of all gradients before it was bounded. Where it is not finite nothing but
  ///   the gradients has changed: no step can be taken along them.
  @discardableResult
  public func step() -> Double {
    guard memory.packs.count > 0 else { return 0 }
    run(measure)
    var sum = 0.0
    var pack = 0
    while pack < memory.packs.count {
      sum += memory.sums[pack]
      pack += 1
    }
    let norm = sum.squareRoot()
    guard norm.isFinite else {
      store.clearGradients()
      return norm
    }
    steps += 1
    average.updates += 1
    memory.shared.pointee = StepConstants(
      clip: Float(min(1, Self.maximumNorm / (norm + 1e-6))), norm: norm,
      averageRest: Float(1 - MovingAverage.decay(update: average.updates)))
    setConstants()
    run(change)
    return norm
  }

  private func run(_ list: StepList) {
    let arena = UnsafeMutableRawPointer(store.values)
    runner.run(
      list, threads: threads, arena: arena, scratch: muonScratch?.base ?? arena,
      scratchStrideBytes: muonScratch == nil ? 0 : scratchStrideBytes)
  }

  /// Computes what depends on the step and the group.
  private func setConstants() {
    let step = Double(steps)
    let first = 1 - pow(momentum, step)
    let second = 1 - pow(Self.secondBeta, step)
    var (now, next) = (0.0, 0.0)
    if kind == .nAdam {
      now = momentum * (1 - 0.5 * pow(0.96, step * Self.momentumDecay))
      next = momentum * (1 - 0.5 * pow(0.96, (step + 1) * Self.momentumDecay))
      momentumProduct *= Float(now)
    }
    let product = Double(momentumProduct)
    let length = 2 / (1 - Self.secondBeta) - 1
    let seen = length - 2 * step * pow(Self.secondBeta, step) / second
    var index = 0
    while index < groups.count {
      let (rate, decay) = (rates[index], groups[index].weightDecay)
      var constants = RuleConstants()
      constants.decay = Float(decay)
      constants.rate = Float(rate)
      constants.momentum = Float(momentum)
      constants.momentumRest = Float(1 - momentum)
      constants.second = Float(Self.secondBeta)
      constants.secondRest = Float(1 - Self.secondBeta)
      constants.root = Float(second.squareRoot())
      switch kind {
      case .sgd: break
      case .muSGD: constants.muonRate = Float(Self.muonFraction * rate)
      case .adam, .adamax: constants.rate = Float(rate / first)
      case .adamW:
        constants.rate = Float(rate / first)
        constants.decay = Float(1 - rate * decay)
      case .nAdam:
        constants.rate = Float(rate * (1 - now) / (1 - product))
        constants.momentumRate = Float(rate * next / (1 - product * next))
      case .rAdam:
        constants.isRectified = seen > 5
        let rectified =
          ((seen - 4) * (seen - 2) * length / ((length - 4) * (length - 2) * seen)).squareRoot()
          * second.squareRoot()
        constants.rate = Float(rate / first * (seen > 5 ? rectified : 1))
      case .rmsProp:
        constants.second = Float(Self.alpha)
        constants.secondRest = Float(1 - Self.alpha)
      }
      memory.constants[index] = constants
      index += 1
    }
  }

  // MARK: State

  /// Forgets everything that was kept, as before the first step.
  func reset() {
    for state in states { state.floats.update(repeating: 0, count: store.count) }
    steps = 0
    momentumProduct = 1
  }

  /// Returns the names of what is kept for an entry of the store; none for what is not trained.
  public func stateNames(of entry: ParameterStore.Entry) -> [String] {
    guard entry.isTrainable, entry.kind != .statistic else { return [] }
    return kind != .muSGD || entry.shape.count == 2 || entry.shape.count == 4
      ? kind.stateNames : Array(kind.stateNames.prefix(1))
  }

  /// Returns what is kept for an entry under a name, as many values as the entry has.
  ///
  /// - Parameters:
  ///   - name: One of `stateNames(of:)`.
  ///   - entry: An entry of the store.
  /// - Returns: The first value; nil if nothing is kept under that name.
  public func state(
    _ name: String, of entry: ParameterStore.Entry
  ) -> UnsafeMutablePointer<Float>? {
    guard stateNames(of: entry).contains(name), let run = kind.stateNames.firstIndex(of: name)
    else { return nil }
    return states[run].floats + entry.offset
  }

  /// Returns what is kept under a name for all entries, in the layout of the store; nil if nothing is.
  func memory(of name: String) -> UnsafeMutablePointer<Float>? {
    kind.stateNames.firstIndex(of: name).map { states[$0].floats }
  }
}
