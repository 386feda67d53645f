#if canImport(Glibc)
import Glibc
#endif

/// The instruction sets that the native kernels are compiled for, weakest first.
public enum InstructionSet: String, Sendable, CaseIterable, Comparable {
  /// What every processor of the architecture has: SSE2 on x86-64, NEON on aarch64; 4 lanes.
  case baseline
  /// x86-64-v3: AVX2, FMA and BMI; 8 lanes.
  case avx2
  /// x86-64-v4: AVX-512 F, BW, CD, DQ and VL; 16 lanes.
  case avx512

  /// Orders by strength.
  public static func < (a: InstructionSet, b: InstructionSet) -> Bool {
    allCases.firstIndex(of: a).map { $0 < (allCases.firstIndex(of: b) ?? 0) } ?? false
  }

  /// The sets that this processor and its operating system have, weakest first.
  public static let available: [InstructionSet] = {
    #if arch(x86_64)
    var sets = [InstructionSet.baseline]
    guard let leaf = ActiveFeatures() else { return sets }
    if leaf.hasVersion3 { sets.append(.avx2) }
    if leaf.hasVersion3 && leaf.hasVersion4 { sets.append(.avx512) }
    return sets
    #else
    return [.baseline]
    #endif
  }()

  /// The strongest set that this machine has.
  public static var best: InstructionSet { available.last ?? .baseline }
}

#if arch(x86_64)
/// The processor features that the C library found usable: present in the processor, and their
/// registers saved by the operating system.
private struct ActiveFeatures {
  private let leaf: @convention(c) (UInt32) -> UnsafePointer<UInt32>?

  /// Finds glibc's own record (`sys/platform/x86.h`, glibc 2.33); nil with another C library.
  init?() {
    guard let symbol = dlsym(nil, "__x86_get_cpuid_feature_leaf") else { return nil }
    // SAFETY: the documented signature is `const struct cpuid_feature *(unsigned int)`.
    leaf = unsafeBitCast(symbol, to: (@convention(c) (UInt32) -> UnsafePointer<UInt32>?).self)
  }

  /// Whether all `bits` of a register are set; a record is four registers as the processor gives
  /// them (eax, ebx, ecx, edx), then the same four with only the usable features.
  private func has(_ bits: [UInt32], leaf index: UInt32, register: Int) -> Bool {
    guard let record = leaf(index) else { return false }
    return bits.allSatisfy { record[4 + register] >> $0 & 1 == 1 }
  }

  // Leaves as glibc numbers them: 0 is cpuid 1, 1 is cpuid 7, 2 is cpuid 80000001h.
  /// FMA, MOVBE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT.
  var hasVersion3: Bool {
    has([12, 22, 28, 29], leaf: 0, register: 2) && has([3, 5, 8], leaf: 1, register: 1)
      && has([5], leaf: 2, register: 2)
  }

  /// AVX-512 F, DQ, CD, BW, VL.
  var hasVersion4: Bool { has([16, 17, 28, 30, 31], leaf: 1, register: 1) }
}
#endif
