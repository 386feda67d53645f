import Foundation
import Testing
import YOLOKernels

@Suite struct ProcessorsTests {
  @Test func quotasAreRoundedUp() {
    #expect(Processors.quota(inMaximum: "max 100000\n") == nil)
    #expect(Processors.quota(inMaximum: "200000 100000\n") == 2)
    #expect(Processors.quota(inMaximum: "200000\n 100000\n") == 2)
    #expect(Processors.quota(inMaximum: "150000 100000") == 2)
    #expect(Processors.quota(inMaximum: "50000 100000") == 1)
    #expect(Processors.quota(inMaximum: "-1 100000") == nil)
    #expect(Processors.quota(inMaximum: "100000 0") == nil)
    #expect(Processors.quota(inMaximum: "9223372036854775807 1000") == 9_223_372_036_854_776)
    #expect(Processors.quota(inMaximum: "") == nil)
    #expect(Processors.usable >= 1)
  }

  /// A tree of control groups, and what a process in one of them may use.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let memberships: String
    let files: [String: String]
    let quota: Int?
  }

  static let cases = [
    Case(
      testDescription: "version 2, own group", memberships: "0::/job\n",
      files: ["job/cpu.max": "300000 100000\n"], quota: 3),
    Case(
      testDescription: "version 2, a smaller quota around it", memberships: "0::/slice/job/inner\n",
      files: [
        "slice/cpu.max": "150000 100000\n", "slice/job/cpu.max": "max 100000\n",
        "slice/job/inner/cpu.max": "400000 100000\n",
      ], quota: 2),
    Case(
      testDescription: "version 2, a container that sees its own group as the root",
      memberships: "0::/../host/docker/abc\n", files: ["cpu.max": "100000 100000\n"], quota: 1),
    Case(
      testDescription: "version 2 without a quota", memberships: "0::/\n",
      files: ["cgroup.procs": ""], quota: nil),
    Case(
      testDescription: "version 1, nested",
      memberships: "12:memory:/job\n4:cpu,cpuacct:/docker/job\n1:name=systemd:/\n",
      files: [
        "cpu,cpuacct/docker/cpu.cfs_quota_us": "250000\n",
        "cpu,cpuacct/docker/cpu.cfs_period_us": "100000\n",
        "cpu,cpuacct/docker/job/cpu.cfs_quota_us": "-1\n",
        "cpu,cpuacct/docker/job/cpu.cfs_period_us": "100000\n",
      ], quota: 3),
    Case(
      testDescription: "version 1, the container's own group at the mount",
      memberships: "4:cpu:/docker/abc\n",
      files: ["cpu/cpu.cfs_quota_us": "50000\n", "cpu/cpu.cfs_period_us": "100000\n"], quota: 1),
    Case(
      testDescription: "both versions",
      memberships: "4:cpu,cpuacct:/job\n0::/job\n",
      files: [
        "cpu/job/cpu.cfs_quota_us": "200000\n", "cpu/job/cpu.cfs_period_us": "100000\n",
        "job/cpu.max": "700000 100000\n",
      ], quota: 2),
    Case(testDescription: "nonsense", memberships: "x\n::\n0:/", files: [:], quota: nil),
  ]

  @Test(arguments: cases) func theSmallestQuotaOfAllGroupsCounts(_ given: Case) throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "groups-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    for (path, contents) in given.files {
      let file = root.appending(path: path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(contents.utf8).write(to: file)
    }
    #expect(Processors.quota(memberships: given.memberships, root: root.path) == given.quota)
  }
}
