/// The instruction sets that the native kernels are compiled for, weakest first.
public enum InstructionSet: String, Sendable, CaseIterable, Comparable {
  /// What every processor of the architecture has: SSE2 on x86-64, NEON on aarch64; 4 lanes.
  case baseline
  /// x86-64-v3: AVX2, FMA and BMI; 8 lanes.
  case avx2
  /// x86-64-v4: AVX-512 F, BW, CD, DQ and VL; 16 lanes.
  case avx512

  /// The processor features that the kernels of the set are compiled with.
  public var requirement: CPUFeatures {
    switch self {
    case .baseline: []
    case .avx2: .x86v3
    case .avx512: .x86v4
    }
  }

  /// The floats of a vector.
  package var lanes: Int {
    switch self {
    case .baseline: 4
    case .avx2: 8
    case .avx512: 16
    }
  }

  /// Orders by strength.
  public static func < (a: InstructionSet, b: InstructionSet) -> Bool { a.lanes < b.lanes }

  /// Returns the sets that a processor with some features has, weakest first.
  package static func available(with features: CPUFeatures) -> [InstructionSet] {
    allCases.filter { features.isSuperset(of: $0.requirement) }
  }

  /// The sets that this processor and its operating system have, weakest first.
  public static let available = available(with: .current)

  /// The strongest set that this machine has.
  public static var best: InstructionSet { available.last ?? .baseline }
}
