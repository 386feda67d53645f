import KernelInterface
import KernelsBaseline

#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
#endif

/// The kernels of one instruction set.
///
/// A set for another is one more case in `of(_:)`.
public struct KernelSet: Sendable {
  /// The instruction set that these kernels need.
  public let instructionSet: InstructionSet
  /// The floats of a vector.
  public let lanes: Int
  /// The most pixels of a convolution tile, by its vectors of channels less one.
  let maximumRows: [Int]
  /// Returns the convolution tile of a number of vectors and of pixels.
  let convolutionTile: @Sendable (_ vectors: Int, _ rows: Int) -> ConvolutionTileFunction?
  let identity: ActivationFunction
  let silu: ActivationFunction
  let maximum: MaximumFunction

  /// Returns the kernels of an instruction set, which must be available on this machine.
  public static func of(_ instructionSet: InstructionSet) -> KernelSet {
    precondition(InstructionSet.available.contains(instructionSet))
    switch instructionSet {
    #if arch(x86_64)
      case .avx2:
        typealias Kernels = KernelsAVX2.InstructionSetKernels
        let (one, two, three) = Kernels.maximumRows
        return KernelSet(
          instructionSet: .avx2, lanes: Kernels.lanes, maximumRows: [one, two, three],
          convolutionTile: { Kernels.convolutionTile(vectors: $0, rows: $1) },
          identity: Kernels.identity, silu: Kernels.silu, maximum: Kernels.maximum)
      case .avx512:
        typealias Kernels = KernelsAVX512.InstructionSetKernels
        let (one, two, three) = Kernels.maximumRows
        return KernelSet(
          instructionSet: .avx512, lanes: Kernels.lanes, maximumRows: [one, two, three],
          convolutionTile: { Kernels.convolutionTile(vectors: $0, rows: $1) },
          identity: Kernels.identity, silu: Kernels.silu, maximum: Kernels.maximum)
    #else
      case .avx2, .avx512: fallthrough
    #endif
    case .baseline:
      typealias Kernels = KernelsBaseline.InstructionSetKernels
      let (one, two, three) = Kernels.maximumRows
      return KernelSet(
        instructionSet: .baseline, lanes: Kernels.lanes, maximumRows: [one, two, three],
        convolutionTile: { Kernels.convolutionTile(vectors: $0, rows: $1) },
        identity: Kernels.identity, silu: Kernels.silu, maximum: Kernels.maximum)
    }
  }
}
