import YOLOKernels

/// Which kernels compute a plan.
public enum Backend: String, Sendable, CaseIterable {
  /// Hand-written kernels for the instruction sets of this machine.
  case native
  /// im2col and OpenBLAS; there only with the package trait `BLAS`.
  case blas
  /// Plain loops in double precision: slow, and what the others are tested against.
  case oracle

  /// The backends of this build.
  public static var available: [Backend] {
    #if BLAS
    allCases
    #else
    [.native, .oracle]
    #endif
  }

  /// Whether what the backend needs beyond this build is there; opens OpenBLAS for `blas`.
  public var isInstalled: Bool {
    switch self {
    case .native, .oracle: return true
    case .blas:
      #if BLAS
      return OpenBLAS.shared != nil
      #else
      return false
      #endif
    }
  }

  /// Returns what computes plans for an instruction set and a number of threads.
  func execution(
    instructionSet: InstructionSet, threads: Int, winogradWeightLimit: Int
  ) -> any ExecutionBackend {
    switch self {
    case .native:
      return NativeBackend(
        instructionSet: instructionSet, threads: threads,
        winogradWeightLimit: winogradWeightLimit)
    case .blas:
      #if BLAS
      return BLASBackend(instructionSet: instructionSet, threads: threads)
      #else
      preconditionFailure("this build has no BLAS")
      #endif
    case .oracle: return OracleBackend(threads: threads)
    }
  }
}
