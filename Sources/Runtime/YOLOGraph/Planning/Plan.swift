public import YOLOKernels
public import YOLOTensor

/// A graph made ready for inputs of one shape: kernels chosen, memory laid out, weights packed.
///
/// Immutable, and shared by all threads and sessions.
public final class Plan: Sendable {
  /// A step of a plan.
  public struct Step: Sendable {
    /// The path of the module that the step computes; of several, a title of all.
    public let path: String
    /// The paths of the modules that the step computes.
    public let paths: [String]
    /// The kind of work.
    public let kind: StepKind
    /// The kernel, bound to its memory.
    public let kernel: any StepKernel
    /// What is written: its height, width and channels.
    public let output: ActivationLayout
    /// The multiply-accumulates of the step, for one image.
    public let macs: Int
  }

  /// The steps in order.
  public let steps: [Step]
  /// The number of images that a run takes.
  public let batch: Int
  /// The bytes from one image's part of the arena to the next one's; layouts are those of the
  /// first.
  public let imageStrideBytes: Int
  /// Where the input is to be put; its border is cleared by the session.
  public let input: ActivationLayout
  /// Where each output is found after a run, in the order of the graph's outputs.
  public let outputs: [(name: String, layout: ActivationLayout)]
  /// Where the output of each tapped module is found after a run, by path.
  public let kept: [String: ActivationLayout]
  /// The elements of an arena for this plan, all images together.
  public let arenaCount: Int
  /// The bytes of scratch memory that a thread needs.
  public let scratchBytes: Int
  /// The threads that a run uses.
  public let threads: Int
  /// The multiply-accumulates of the network for one image; the steps may need fewer.
  public let macs: Int

  /// The kernels of the steps, for the runner.
  let kernels: StepList

  init(
    steps: [Step], macs: Int, batch: Int, imageStrideBytes: Int, input: ActivationLayout,
    outputs: [(name: String, layout: ActivationLayout)], kept: [String: ActivationLayout],
    arenaCount: Int, threads: Int
  ) {
    self.steps = steps
    self.batch = batch
    self.imageStrideBytes = imageStrideBytes
    self.input = input
    self.outputs = outputs
    self.kept = kept
    self.arenaCount = arenaCount
    self.threads = threads
    self.macs = macs
    kernels = StepList(
      batch == 1
        ? steps.map(\.kernel)
        : steps.map { BatchedStep($0.kernel, batch: batch, imageStrideBytes: imageStrideBytes) })
    // Whole cache lines, so that threads do not share one.
    scratchBytes = ((steps.map(\.kernel.scratchBytes).max() ?? 0) + 63) / 64 * 64
  }
}

/// The kind of a step's work; the raw values are what tables and files call it.
public enum StepKind: String, Sendable, Hashable, CaseIterable {
  case convolution
  case transposedConvolution = "transposed convolution"
  case attention
  case pool
  case elementwise
  case copy
  case upsample
  case resize
  case pad
  case normalization
  case selection
}
