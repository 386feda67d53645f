public import KernelInterface

/// The kernels of this module, compiled for one instruction set.
///
/// The same source is compiled by three modules. Code here holds to pointers, vectors and static
/// members: a generic of the standard library specialized here could be chosen by the linker for
/// code that runs on any processor.
public enum InstructionSetKernels: KernelProvider {
  /// The floats of a vector.
  public static var lanes: Int { Vector.scalarCount }
}
