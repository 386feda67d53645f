public import YOLOGraph
public import YOLOKernels
public import YOLOModels
package import YOLOOptions

/// How a model is run.
public struct RuntimeOptions: Sendable, Hashable {
  /// The kernels.
  public var backend: Backend
  /// The instruction set of the native kernels.
  public var instructionSet: InstructionSet
  /// The threads of one inference.
  public var threads: Int
  /// How many predictions that are awaited run at once; `predictBlocking` is not bounded by it.
  public var concurrency: Int
  /// Which branch of a dual head is run, that of YOLOv10 and YOLO26.
  public var branch: HeadBranch
  /// The input sizes whose plans are kept; beyond that the least recently used is dropped.
  public var planLimit: Int

  /// What a plan may take at most.
  package var limits = PlanLimits()

  /// Creates options: by default native kernels of the strongest instruction set of this machine,
  /// on all processors that this process may use.
  public init(
    backend: Backend = .native, instructionSet: InstructionSet = .best,
    threads: Int = Processors.usable, concurrency: Int = Processors.usable,
    branch: HeadBranch = .oneToMany, planLimit: Int = 16
  ) {
    self.backend = backend
    self.instructionSet = instructionSet
    self.threads = threads
    self.concurrency = concurrency
    self.branch = branch
    self.planLimit = planLimit
  }

  /// The maximum number of threads of one inference.
  public static var threadLimit: Int { threadsOption.range.upperBound }

  /// Returns an empty cache of the plans that a graph is run by; `planned` is called after each
  /// planning.
  func plans(of graph: Graph, planned: @escaping @Sendable () -> Void) -> PlanCache {
    PlanCache(
      graph: graph,
      planner: Planner(
        backend: backend, instructionSet: instructionSet, threads: threads, limits: limits),
      capacity: planLimit, planned: planned)
  }

  func check() throws(YOLOError) {
    guard Backend.available.contains(backend) else {
      throw YOLOError(
        .option,
        "backend \(backend.rawValue) is not in this build; there are "
          + Self.backendOption.names)
    }
    guard backend.isInstalled else {
      throw YOLOError(
        .option,
        "backend \(backend.rawValue) needs OpenBLAS (libopenblas.so.0), which is not installed")
    }
    guard InstructionSet.available.contains(instructionSet) else {
      throw YOLOError(
        .option,
        "isa \(instructionSet.rawValue) is not available on this machine; there are "
          + Self.instructionSetOption.names)
    }
    do throws(OptionError) {
      try Self.threadsOption.checked(threads)
      try RuntimeOption.concurrency(processors: Processors.usable).checked(concurrency)
    } catch {
      throw YOLOError(error)
    }
    guard planLimit >= 1 else {
      throw YOLOError(.option, "planLimit must be at least 1, but \(planLimit) was given")
    }
  }
}

/// The definitions of those options that commands and settings offer, on this machine.
extension RuntimeOptions {
  package static let threadsOption = RuntimeOption.threads(processors: Processors.usable)
  package static let backendOption = RuntimeOption.backend(Backend.available, default: .native)
  package static let instructionSetOption = RuntimeOption.instructionSet(
    InstructionSet.available, known: InstructionSet.allCases)
}
