#if arch(x86_64)
import KernelsAVX2
import _Builtin_intrinsics.intel.cpuid
#else
import YOLOSystem
#endif

/// Features of a processor beyond the baseline of its architecture that kernels may need.
///
/// A feature counts as there if the processor has it and the operating system saves its registers.
public struct CPUFeatures: OptionSet, Sendable, Hashable {
  /// The bits.
  public let rawValue: UInt64

  /// Creates a set from bits.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  private init(bit: Int) { rawValue = 1 << bit }

  // x86-64.
  /// Vectors of 256 bits of floating-point numbers.
  public static let avx = CPUFeatures(bit: 0)
  /// Vectors of 256 bits of integers.
  public static let avx2 = CPUFeatures(bit: 1)
  /// Fused multiply-add.
  public static let fma = CPUFeatures(bit: 2)
  /// Conversion from and to float16.
  public static let f16c = CPUFeatures(bit: 3)
  /// BMI1, BMI2, LZCNT and MOVBE: what x86-64-v3 has besides vectors.
  public static let bitManipulation = CPUFeatures(bit: 4)
  /// Vectors of 512 bits.
  public static let avx512f = CPUFeatures(bit: 5)
  /// AVX-512 on bytes and words.
  public static let avx512bw = CPUFeatures(bit: 6)
  /// AVX-512 conflict detection.
  public static let avx512cd = CPUFeatures(bit: 7)
  /// AVX-512 on double and quad words.
  public static let avx512dq = CPUFeatures(bit: 8)
  /// AVX-512 on shorter vectors.
  public static let avx512vl = CPUFeatures(bit: 9)
  /// Products of bytes summed in 32 bits, in AVX-512.
  public static let avx512vnni = CPUFeatures(bit: 10)
  /// Products of bfloat16 summed in float32, in AVX-512.
  public static let avx512bf16 = CPUFeatures(bit: 11)
  /// Arithmetic in float16, in AVX-512.
  public static let avx512fp16 = CPUFeatures(bit: 12)
  /// Products of bytes summed in 32 bits, in AVX2.
  public static let avxvnni = CPUFeatures(bit: 13)
  /// Tiles of bytes.
  public static let amxInt8 = CPUFeatures(bit: 14)
  /// Tiles of bfloat16.
  public static let amxBF16 = CPUFeatures(bit: 15)

  // arm64.
  /// Vectors of 128 bits.
  public static let neon = CPUFeatures(bit: 32)
  /// Products of bytes summed in 32 bits.
  public static let dotprod = CPUFeatures(bit: 33)
  /// Products of matrices of bytes.
  public static let i8mm = CPUFeatures(bit: 34)
  /// Arithmetic in float16.
  public static let fp16 = CPUFeatures(bit: 35)
  /// Products of bfloat16 summed in float32.
  public static let bf16 = CPUFeatures(bit: 36)

  /// What x86-64-v3 has.
  public static let x86v3: CPUFeatures = [.avx, .avx2, .fma, .f16c, .bitManipulation]
  /// What x86-64-v4 has.
  public static let x86v4: CPUFeatures = [
    .x86v3, .avx512f, .avx512bw, .avx512cd, .avx512dq, .avx512vl,
  ]

  /// The features of this processor under this operating system.
  public static let current: CPUFeatures = detect()
}

#if arch(x86_64)
extension CPUFeatures {
  private struct Registers {
    var eax: UInt32 = 0
    var ebx: UInt32 = 0
    var ecx: UInt32 = 0
    var edx: UInt32 = 0

    /// Reads a leaf; zeros where the processor has none.
    init(leaf: UInt32, subleaf: UInt32 = 0) {
      if __get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx) == 0 {
        (eax, ebx, ecx, edx) = (0, 0, 0, 0)
      }
    }
  }

  /// Reads CPUID (Intel SDM, volume 2A; AMD APM, volume 3) and XCR0.
  private static func detect() -> CPUFeatures {
    func bit(_ register: UInt32, _ index: Int) -> Bool { register >> index & 1 == 1 }
    var features: CPUFeatures = []
    func add(_ feature: CPUFeatures, _ isThere: Bool) {
      if isThere { features.insert(feature) }
    }
    let basic = Registers(leaf: 1)
    let extended = Registers(leaf: 7)
    let more = Registers(leaf: 7, subleaf: 1)
    let amd = Registers(leaf: 0x8000_0001)
    add(.avx, bit(basic.ecx, 28))
    add(.fma, bit(basic.ecx, 12))
    add(.f16c, bit(basic.ecx, 29))
    add(.avx2, bit(extended.ebx, 5))
    // MOVBE, BMI1, BMI2, LZCNT.
    add(
      .bitManipulation,
      bit(basic.ecx, 22) && bit(extended.ebx, 3) && bit(extended.ebx, 8) && bit(amd.ecx, 5))
    // Where the system uses XSAVE (bit 27), XGETBV says for which registers. The function that asks
    // is compiled for x86-64-v3.
    guard bit(basic.ecx, 27), features.isSuperset(of: .x86v3) else { return [] }
    let saved = KernelsAVX2.InstructionSetKernels.savedRegisters
    // XMM and YMM.
    guard saved & 0b110 == 0b110 else { return [] }
    add(.avxvnni, bit(more.eax, 4))
    // The masks, and the upper halves and the second 16 of ZMM.
    if saved & 0b1110_0000 == 0b1110_0000, bit(extended.ebx, 16) {
      features.insert(.avx512f)
      add(.avx512dq, bit(extended.ebx, 17))
      add(.avx512cd, bit(extended.ebx, 28))
      add(.avx512bw, bit(extended.ebx, 30))
      add(.avx512vl, bit(extended.ebx, 31))
      add(.avx512vnni, bit(extended.ecx, 11))
      add(.avx512bf16, bit(more.eax, 5))
      add(.avx512fp16, bit(extended.edx, 23))
    }
    // The tiles' configuration and data. Linux grants their use to a process that asks for it.
    if saved >> 17 & 0b11 == 0b11, bit(extended.edx, 24) {
      add(.amxInt8, bit(extended.edx, 25))
      add(.amxBF16, bit(extended.edx, 22))
    }
    return features
  }
}
#elseif arch(arm64)
extension CPUFeatures {
  /// Reads the hardware capabilities that Linux passes to every process (`asm/hwcap.h`).
  private static func detect() -> CPUFeatures {
    var features: CPUFeatures = [.neon]
    typealias GetValue = @convention(c) (UInt) -> UInt
    guard let symbol = dlsym(nil, "getauxval") else { return features }
    // SAFETY: the documented signature is `unsigned long (unsigned long)`; sys/auxv.h has no
    // import.
    let value = unsafeBitCast(symbol, to: GetValue.self)
    // AT_HWCAP and AT_HWCAP2.
    let (first, second) = (value(16), value(26))
    if first >> 20 & 1 == 1 { features.insert(.dotprod) }
    if first >> 10 & 1 == 1 { features.insert(.fp16) }
    if second >> 13 & 1 == 1 { features.insert(.i8mm) }
    if second >> 14 & 1 == 1 { features.insert(.bf16) }
    return features
  }
}
#else
extension CPUFeatures {
  private static func detect() -> CPUFeatures { [] }
}
#endif
