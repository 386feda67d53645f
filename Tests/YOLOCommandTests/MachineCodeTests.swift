import Foundation
import Testing

/// The gate of the kernels' machine code, `Tools/check-kernels`, on the built program and on
/// listings with one fault each.
@Suite struct MachineCodeTests {
  private static func check(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = [Program.root.appending(path: "Tools/check-kernels").path] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  #if arch(x86_64)
  private static let hasObjdump = ["/usr/bin", "/usr/local/bin", "/bin"].contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/objdump")
  }

  @Test(.enabled(if: hasObjdump, "objdump is missing (binutils)"))
  func theBuiltKernelsPass() throws {
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "yolo").path
    let outcome = try Self.check([program])
    #expect(outcome.status == 0, "\(outcome.output)")
  }
  #endif

  /// A disassembly of one function.
  struct Listing: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: String
    let instructions: [String]
    /// What the report says; nil for a sound function.
    let fault: String?
  }

  private static let kernel = "$s13KernelsAVX512014InstructionSetA0O"
  private static let tile = kernel + "15convolutionTile7vectorsSi_SitFZyAJ_A3kLtYbcfU8_"
  private static let step = "$s11YOLOKernels12SumAndDoubleV3run4item5arena7scratchySi_SpySfGAHtF"

  static let listings = [
    Listing(
      testDescription: "a tile", function: tile,
      instructions: [
        "vmovups (%rdi),%zmm1", "vfmadd231ps %zmm1,%zmm2,%zmm3", "jne 1 <\(tile)+0x1>",
        "call 99 <__stack_chk_fail@plt>", "ret",
      ], fault: nil),
    Listing(
      testDescription: "a vector instruction in common code", function: "$sSS5countSivg",
      instructions: ["vmovups (%rdi),%ymm1"], fault: "beyond its instruction set"),
    Listing(
      testDescription: "AVX-512 among AVX2", function: "$s11KernelsAVX214InstructionSetA0O4siluyyF",
      instructions: ["vmovups (%rdi),%ymm17"], fault: "beyond its instruction set"),
    Listing(
      testDescription: "a call in a loop", function: kernel + "12winogradTileyyFyycfU_",
      instructions: ["call 99 <\(kernel)4load>", "jne 0 <\(kernel)>", "ret"],
      fault: "a kernel that calls within a loop"),
    Listing(
      testDescription: "an indirect call in an outer loop",
      function: kernel + "12winogradTileyyFyycfU1_",
      instructions: ["nop", "vaddps %zmm1,%zmm2,%zmm3", "jne 1 <>", "call *%rax", "jmp 0 <>"],
      fault: "a kernel that calls within a loop"),
    Listing(
      testDescription: "a call of the C library", function: kernel + "4siluyyFyycfU_",
      instructions: ["call 99 <fmaf@plt>", "ret"], fault: "a kernel that calls"),
    Listing(
      testDescription: "a call from a module's own function", function: kernel + "4siluyyF",
      instructions: ["call 99 <$sSa6appendyyxnF>"],
      fault: "a call from an instruction-set module"),
    Listing(
      testDescription: "a spill in a tile's loop", function: tile,
      instructions: ["vmovups %zmm3,0x40(%rsp)", "jne 0 <\(tile)>"],
      fault: "a tile that spills within its loop"),
    Listing(
      testDescription: "a spill before a tile's loop", function: tile,
      instructions: ["vmovups %zmm3,0x40(%rsp)", "vaddps %zmm1,%zmm2,%zmm3", "jne 1 <>"],
      fault: nil),
    Listing(
      testDescription: "a step that retains", function: step,
      instructions: ["call 99 <swift_retain@plt>"], fault: "a step kernel that counts references"),
    Listing(
      testDescription: "a step that copies", function: step,
      instructions: ["call 99 <$s11YOLOKernels13MatrixProductVWOc>"],
      fault: "a step kernel that counts references"),
    Listing(
      testDescription: "a step that calls", function: step,
      instructions: ["call 99 <$s11YOLOKernels15TileConvolutionC3runyyF>"], fault: nil),
  ]

  @Test(arguments: listings) func faultsAreSeen(_ listing: Listing) throws {
    var text = "0000000000000000 <\(listing.function)>:\n"
    for (address, instruction) in listing.instructions.enumerated() {
      text += "       \(address):\t\(instruction)\n"
    }
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).txt")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(text.utf8).write(to: file)
    let outcome = try Self.check(["--listing", file.path])
    if let fault = listing.fault {
      #expect(outcome.status == 1 && outcome.output.hasPrefix("\(fault): "), "\(outcome.output)")
    } else {
      #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.output)")
    }
  }
}
