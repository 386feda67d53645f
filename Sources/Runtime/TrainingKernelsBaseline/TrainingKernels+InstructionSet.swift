public import KernelInterface

/// The kernels that training alone uses, compiled for one instruction set.
///
/// They are modules of their own: the compiler then does to the kernels of inference what it did without
/// them. What holds for code there holds here.
public enum InstructionSetKernels {
  /// All kernels of the module.
  public static var training: TrainingKernels {
    TrainingKernels(
      channelSums: channelSums, normalization: normalization,
      maximumRows: maximumWeightGradientRows, weightGradient: weightGradient,
      depthwiseWeightGradient: depthwiseWeightGradient)
  }

  /// The maximum number of output channels of a weight gradient's tile of one, two and three vectors.
  static var maximumWeightGradientRows: (Int, Int, Int) {
    #if AVX512 || arch(arm64)
    (12, 8, 8)
    #elseif AVX2
    (12, 6, 4)
    #else
    (10, 6, 3)
    #endif
  }
}
