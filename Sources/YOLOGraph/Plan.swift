public import YOLOKernels
public import YOLOTensor

/// A graph made ready for one input extent: kernels chosen, memory laid out, weights packed.
///
/// Immutable, and shared by all threads and sessions.
public final class Plan: Sendable {
  /// A step of a plan.
  public struct Step: Sendable {
    /// The path of the module that the step comes from.
    public let path: String
    /// The kind of work: convolution, pool, upsample, elementwise or copy.
    public let kind: String
    /// The kernel, bound to its memory.
    public let kernel: any StepKernel
    /// What is written: its height, width and channels.
    public let output: ActivationLayout
    /// The multiply-accumulates of the step.
    public let macs: Int
  }

  /// The steps in order.
  public let steps: [Step]
  /// Where the input is to be put; its border is cleared by the session.
  public let input: ActivationLayout
  /// Where each output is found after a run, in the order of the graph's outputs.
  public let outputs: [(name: String, layout: ActivationLayout)]
  /// Where each kept module's output is found after a run, by path.
  public let kept: [String: ActivationLayout]
  /// The elements of an arena for this plan.
  public let arenaCount: Int
  /// The bytes of scratch memory that a thread needs.
  public let scratchBytes: Int
  /// The threads that a run uses.
  public let threads: Int
  /// The multiply-accumulates of the network as it was traced; the steps may need fewer.
  public let macs: Int

  /// The kernels of the steps, for the runner.
  let kernels: StepList

  init(
    steps: [Step], macs: Int, input: ActivationLayout,
    outputs: [(name: String, layout: ActivationLayout)], kept: [String: ActivationLayout],
    arenaCount: Int, threads: Int
  ) {
    self.steps = steps
    self.input = input
    self.outputs = outputs
    self.kept = kept
    self.arenaCount = arenaCount
    self.threads = threads
    self.macs = macs
    kernels = StepList(steps.map(\.kernel))
    // Whole cache lines, so that threads do not share one.
    scratchBytes = ((steps.map(\.kernel.scratchBytes).max() ?? 0) + 63) / 64 * 64
  }
}
