public import YOLOGraph
import YOLOKernels
import YOLOTensor

/// The steps of a plan: what runs, by which kernel, and where in memory.
public struct StepTable: Sendable {
  /// A step.
  public struct Row: Sendable, Hashable {
    /// The path of the module, or of those that are computed together.
    public let path: String
    /// The kind of work.
    public let kind: StepKind
    /// The kernel.
    public let kernel: String
    /// The shape of the output: [height, width, channels].
    public let output: [Int]
    /// The multiply-accumulates.
    public let macs: Int
    /// Where in the arena the output begins, in bytes; steps of other times may use the same place.
    public let offset: Int
    /// The bytes of the output.
    public let byteCount: Int
  }

  /// The steps in order.
  public let rows: [Row]
  /// The bytes of the arena.
  public let arenaBytes: Int
  /// The threads of a run.
  public let threads: Int

  /// Looks at a plan.
  public init(_ plan: Plan) {
    arenaBytes = 4 * plan.arenaCount
    threads = plan.threads
    rows = plan.steps.map { step in
      let output = step.output
      return Row(
        path: step.path, kind: step.kind, kernel: step.kernel.name,
        output: [output.height, output.width, output.channels],
        macs: step.macs, offset: 4 * output.offset,
        byteCount: 4 * output.height * output.width * output.channels)
    }
  }
}
