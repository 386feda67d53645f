import KernelInterface
import KernelsBaseline
import TrainingKernelsBaseline

#if arch(x86_64)
import KernelsAVX2
import KernelsAVX512
import TrainingKernelsAVX2
import TrainingKernelsAVX512
#endif

/// The kernels of one instruction set.
public struct KernelSet: Sendable {
  /// The instruction set that these kernels need.
  public let instructionSet: InstructionSet
  /// The maximum number of pixels of a convolution tile, by its vectors of channels less one.
  let maximumRows: [Int]
  /// The kernels.
  let table: KernelTable
  /// Returns the kernels that training alone uses.
  let training: TrainingKernels

  /// The floats of a vector.
  public var lanes: Int { instructionSet.lanes }

  /// Returns the kernels of an instruction set, which must be available on this machine.
  public static func of(_ instructionSet: InstructionSet) -> KernelSet {
    precondition(InstructionSet.available.contains(instructionSet))
    return switch instructionSet {
    #if arch(x86_64)
    case .avx2:
      KernelSet(
        .avx2, KernelsAVX2.InstructionSetKernels.table,
        TrainingKernelsAVX2.InstructionSetKernels.training)
    case .avx512:
      KernelSet(
        .avx512, KernelsAVX512.InstructionSetKernels.table,
        TrainingKernelsAVX512.InstructionSetKernels.training)
    #else
    case .avx2, .avx512: preconditionFailure("only x86-64 has \(instructionSet)")
    #endif
    case .baseline:
      KernelSet(
        .baseline, KernelsBaseline.InstructionSetKernels.table,
        TrainingKernelsBaseline.InstructionSetKernels.training)
    }
  }

  private init(
    _ instructionSet: InstructionSet, _ table: KernelTable, _ training: TrainingKernels
  ) {
    precondition(table.lanes == instructionSet.lanes)
    self.instructionSet = instructionSet
    self.table = table
    self.training = training
    let (one, two, three) = table.maximumRows
    maximumRows = [one, two, three]
  }
}
