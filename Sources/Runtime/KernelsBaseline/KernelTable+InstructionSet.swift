public import KernelInterface

/// The kernels of this module, compiled for one instruction set.
///
/// The same source is compiled by three modules. Code here holds to pointers, vectors and static
/// members: a generic of the standard library specialized here could be chosen by the linker for
/// code that runs on any processor.
public enum InstructionSetKernels {
  /// All kernels of the module.
  public static var table: KernelTable {
    KernelTable(
      lanes: Vector.scalarCount, maximumRows: maximumRows, convolutionTile: convolutionTile,
      depthwise: depthwise, activation: activation, pool: pool, exponentials: exponentials,
      unitStride: WinogradTransforms(input: unitStrideInput, output: unitStrideOutput),
      strideTwo: WinogradTransforms(input: strideTwoInput, output: strideTwoOutput))
  }

  #if AVX2 && arch(x86_64)
  /// The registers that the operating system saves, a bit for each kind (XCR0).
  ///
  /// Only for processors that have all instructions of x86-64-v3, XGETBV among them.
  public static var savedRegisters: UInt64 { extendedControlRegister(0) }
  #endif
}

#if AVX2 && arch(x86_64)
// The compiler's intrinsic; it has no import.
@_silgen_name("llvm.x86.xgetbv")
private func extendedControlRegister(_ index: UInt32) -> UInt64
#endif
