import Foundation
import Testing
import YOLOTestSupport

/// Damaged attributes and structure end in a prediction or in a typed error, as the program
/// `StructureFuzz` tries: a trap ends its process, not that of the tests.
@Suite struct StructureFuzzTests {
  /// `Tools/fuzz` raises the cases and changes the seed.
  @Test func damageEndsInTypedErrors() throws {
    let plan = FuzzPlan(cases: 4000)
    let process = Process()
    // The test program is in the build directory, where the fuzz is, too.
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "StructureFuzz")
    let repository = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    process.arguments = [
      "--seed", "\(plan.seed)", "--cases", "\(plan.cases)", "--repository", repository.path,
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(text)")
    #expect(text.contains("\(plan.cases) cases"), "\(text)")
  }
}
