import Testing
import YOLOKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The choice of instruction sets from features of the processor.
@Suite struct CPUFeaturesTests {
  @Test func setsNeedAllTheirFeatures() {
    #expect(InstructionSet.available(with: []) == [.baseline])
    #expect(InstructionSet.available(with: .neon) == [.baseline])
    #expect(InstructionSet.available(with: .x86v3) == [.baseline, .avx2])
    #expect(InstructionSet.available(with: .x86v4) == [.baseline, .avx2, .avx512])
    #expect(InstructionSet.available(with: .x86v3.subtracting(.fma)) == [.baseline])
    #expect(InstructionSet.available(with: .x86v4.subtracting(.fma)) == [.baseline])
    #expect(InstructionSet.available(with: .x86v4.subtracting(.avx512bw)) == [.baseline, .avx2])
  }

  #if arch(x86_64)
  /// The kernel's own list, which leaves out what it does not save the registers of.
  @Test func featuresAreThoseOfTheKernelsList() throws {
    let lines = try #require(Self.text("/proc/cpuinfo")).split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("flags") })
    let flags = Set(line.split(separator: " "))
    for (feature, names) in [
      (CPUFeatures.avx2, ["avx2"]), (.fma, ["fma"]), (.f16c, ["f16c"]), (.avx512f, ["avx512f"]),
      (.bitManipulation, ["bmi1", "bmi2", "abm", "movbe"]), (.avx512bw, ["avx512bw"]),
      (.avx512cd, ["avx512cd"]), (.avx512dq, ["avx512dq"]), (.avx512vl, ["avx512vl"]),
      (.avx512vnni, ["avx512_vnni"]), (.avx512bf16, ["avx512_bf16"]),
      (.avx512fp16, ["avx512_fp16"]), (.avxvnni, ["avx_vnni"]), (.amxInt8, ["amx_int8"]),
      (.amxBF16, ["amx_bf16"]),
    ] {
      let isListed = names.allSatisfy { flags.contains(Substring($0)) }
      #expect(CPUFeatures.current.contains(feature) == isListed, "\(names)")
    }
  }

  private static func text(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
  #endif
}
