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
  /// The maximum number of pixels of a convolution tile, by its vectors of channels less one.
  let maximumRows: [Int]
  /// Returns the convolution tile of a number of vectors and of pixels.
  let convolutionTile: @Sendable (_ vectors: Int, _ rows: Int) -> ConvolutionTileFunction?
  let depthwise: DepthwiseFunction
  let identity: ActivationFunction
  let silu: ActivationFunction
  let sigmoid: ActivationFunction
  let relu: ActivationFunction
  let relu6: ActivationFunction
  let hardswish: ActivationFunction
  let leakyReLU: @Sendable (_ slope: Float) -> ActivationFunction
  let maximum: MaximumFunction
  let average: AverageFunction
  let exponentials: ExponentialFunction
  let unitStrideSpread: WinogradSpreadFunction
  let unitStrideGather: WinogradGatherFunction
  let strideTwoSpread: WinogradSpreadFunction
  let strideTwoGather: WinogradGatherFunction

  private init(_ instructionSet: InstructionSet, from kernels: (some KernelProvider).Type) {
    self.instructionSet = instructionSet
    lanes = kernels.lanes
    let (one, two, three) = kernels.maximumRows
    maximumRows = [one, two, three]
    convolutionTile = { kernels.convolutionTile(vectors: $0, rows: $1) }
    depthwise = kernels.depthwise
    identity = kernels.identity
    silu = kernels.silu
    sigmoid = kernels.sigmoid
    relu = kernels.relu
    relu6 = kernels.relu6
    hardswish = kernels.hardswish
    leakyReLU = { kernels.leakyReLU(slope: $0) }
    maximum = kernels.maximum
    average = kernels.average
    exponentials = kernels.exponentials
    unitStrideSpread = kernels.unitStrideSpread
    unitStrideGather = kernels.unitStrideGather
    strideTwoSpread = kernels.strideTwoSpread
    strideTwoGather = kernels.strideTwoGather
  }

  /// Returns the kernels of an instruction set, which must be available on this machine.
  public static func of(_ instructionSet: InstructionSet) -> KernelSet {
    precondition(InstructionSet.available.contains(instructionSet))
    return switch instructionSet {
    #if arch(x86_64)
    case .avx2: KernelSet(.avx2, from: KernelsAVX2.InstructionSetKernels.self)
    case .avx512: KernelSet(.avx512, from: KernelsAVX512.InstructionSetKernels.self)
    #else
    case .avx2, .avx512: preconditionFailure("only x86-64 has \(instructionSet)")
    #endif
    case .baseline: KernelSet(.baseline, from: KernelsBaseline.InstructionSetKernels.self)
    }
  }
}

extension InstructionSet {
  /// The floats of a vector.
  package var lanes: Int {
    switch self {
    #if arch(x86_64)
    case .avx2: KernelsAVX2.InstructionSetKernels.lanes
    case .avx512: KernelsAVX512.InstructionSetKernels.lanes
    #else
    case .avx2, .avx512: KernelsBaseline.InstructionSetKernels.lanes
    #endif
    case .baseline: KernelsBaseline.InstructionSetKernels.lanes
    }
  }
}
