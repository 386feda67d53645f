import Foundation
import Testing

/// What a warm inference allocates and retains, and how much memory many of them keep, as the
/// program `InferenceProbe` counts it: it replaces the allocator, which a test bundle cannot.
@Suite struct WarmInferenceTests {
  /// The lines of the probe: a name, and numbers by name.
  private static func probe(_ arguments: [String]) throws -> [(name: String, counts: [String: Int])]
  {
    let process = Process()
    // The test program is in the build directory, where the probe is, too.
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appending(path: "InferenceProbe")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(arguments)")
    return text.split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      let counts = words.dropFirst().compactMap { word -> (String, Int)? in
        let parts = word.split(separator: "=")
        guard parts.count == 2, let value = Int(parts[1]) else { return nil }
        return (String(parts[0]), value)
      }
      return (String(words[0]), Dictionary(counts) { first, _ in first })
    }
  }

  /// Every kernel that the planner chooses for the blocks and heads of all families.
  @Test(arguments: OracleNetwork.all)
  func nothingIsAllocatedOrRetained(_ network: OracleNetwork) throws {
    let lines = try Self.probe(["count", network.path, "96", "1"])
    guard lines.first?.name != "unsupported" else { return }
    try #require(lines.map(\.name) == ["inference", "control", "fork"])
    #expect(
      lines[0].counts.count == 6 && lines[0].counts.values.allSatisfy { $0 == 0 }, "\(lines[0])")
    // Ten runs that make and keep one object more each, so the counters are alive.
    for name in ["allocations", "objects", "retains"] {
      #expect(lines[1].counts[name] == 10, "\(name): \(lines[1])")
    }
  }

  /// Two threads count no retains, either; Dispatch allocates what it does for an empty fork.
  @Test func aForkIsAllThatTwoThreadsAdd() throws {
    let path = GoldenCase.url("checkpoints/tiny-detect.pt").path
    let lines = try Self.probe(["count", path, "160", "2"])
    guard lines.first?.name != "unsupported" else { return }
    try #require(lines.map(\.name) == ["inference", "control", "fork"])
    for name in ["objects", "retains", "releases", "mappings"] {
      #expect(lines[0].counts[name] == 0, "\(name): \(lines)")
      #expect((lines[1].counts[name] ?? 0) >= (name == "mappings" ? 0 : 10), "\(name): \(lines)")
    }
    // Four records a fork, from caches of the threads where these have some.
    #expect(lines[0].counts["allocations"] ?? .max <= 10 * 4, "\(lines)")
  }

  /// Images of 40 sizes in turn: more plans than are kept, so that each is made anew every time.
  ///
  /// `YOLO_MEMORY_INFERENCES=10000` runs as many.
  @Test(arguments: [1, 2]) func memoryIsFlat(threads: Int) throws {
    let wanted = ProcessInfo.processInfo.environment["YOLO_MEMORY_INFERENCES"]
    let path = GoldenCase.url("checkpoints/tiny-detect.pt").path
    let lines = try Self.probe(["memory", path, "160", "\(threads)", wanted ?? "240"])
    try #require(lines.count >= 4 && lines.allSatisfy { $0.name == "turn" })
    let live = lines.compactMap { $0.counts["live"] }
    let resident = lines.compactMap { $0.counts["resident"] }
    // After the first turn all is made that stays. With one thread not a block is kept; with two,
    // Dispatch keeps up to 1024 of its own records for each thread before it gives them back.
    #expect(live[live.count - 1] - live[0] <= (threads == 1 ? 0 : 2 * 1024), "\(live)")
    // The arenas of the largest size are 1 MB; the allocator's own keeping is less.
    #expect(resident[resident.count - 1] - resident[0] < 4 << 20, "\(resident)")
  }

  /// 64 threads at once on five models of the five tasks, images of many sizes: each prediction is
  /// the one that was made alone, and the memory is flat.
  @Test func manyAtOnceFindTheSame() throws {
    let names = ["yolov8-pose", "yolov8-obb", "yolo11-seg", "yolo11-cls", "yolo26-detect"]
    let paths = names.map { GoldenCase.url("networks/\($0).pt").path }
    let lines = try Self.probe(["concurrent", "64", "5000"] + paths)
    try #require(lines.count == 10 && lines.allSatisfy { $0.name == "part" })
    #expect(lines.last?.counts["predictions"] == 5000)
    #expect(lines.allSatisfy { $0.counts["wrong"] == 0 }, "\(lines)")
    // Most of the images have something in them.
    let jobs = try #require(lines[0].counts["jobs"])
    #expect(jobs == 60 && (lines[0].counts["found"] ?? 0) > jobs / 2, "\(lines[0])")
    let resident = lines.compactMap { $0.counts["resident"] }
    try #require(resident.count == 10)
    // After the first half; the arenas of one of 64 sessions are about 1 MB.
    #expect(resident[9] - resident[4] < 8 << 20, "\(resident)")
  }
}
