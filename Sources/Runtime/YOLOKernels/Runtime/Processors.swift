import YOLOSystem

/// The processors that this process may use.
public enum Processors {
  /// The processors of the affinity mask, or the control groups' CPU quota where that is smaller;
  /// at least 1.
  ///
  /// A fraction of a quota is rounded up: one thread less would leave a part of the quota unused,
  /// one more is held back at the end of a period only.
  public static let usable: Int = {
    let processors = max(1, inAffinityMask() ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let memberships = contents(of: "/proc/self/cgroup") ?? ""
    return quota(memberships: memberships, root: "/sys/fs/cgroup").map { min(processors, $0) }
      ?? processors
  }()

  /// The processors that the scheduler may put this process on; nil where the C library cannot
  /// tell.
  private static func inAffinityMask() -> Int? {
    guard let symbol = dlsym(nil, "sched_getaffinity") else { return nil }
    typealias GetAffinity = @convention(c) (Int32, Int, UnsafeMutableRawPointer) -> Int32
    // SAFETY: the documented signature is `int (pid_t, size_t, cpu_set_t *)`, and the mask has room
    // for 8192 processors. It is not declared without `_GNU_SOURCE`.
    let getAffinity = unsafeBitCast(symbol, to: GetAffinity.self)
    var mask = [UInt64](repeating: 0, count: 128)
    guard getAffinity(0, 8 * mask.count, &mask) == 0 else { return nil }
    return mask.reduce(0) { $0 + $1.nonzeroBitCount }
  }

  /// The smallest quota, in processors, of the control groups that a process is in and of all
  /// groups around them; nil without one.
  ///
  /// - Parameters:
  ///   - memberships: The lines `ID:CONTROLLERS:PATH` of `/proc/PID/cgroup`; version 2 has no
  ///     controllers there.
  ///   - root: Where the control groups are mounted. In a container it shows the container's own
  ///     group as the root, whatever the path says: groups that are not there have no quota.
  /// - Returns: The quota, rounded up.
  package static func quota(memberships: String, root: String) -> Int? {
    var quotas = [Int]()
    for line in memberships.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let groups = enclosingGroups(of: parts[2])
      if parts[1].isEmpty {
        for group in groups {
          guard let line = contents(of: "\(root)\(group)/cpu.max") else { continue }
          if let quota = quota(inMaximum: line) { quotas.append(quota) }
        }
      } else if parts[1].split(separator: ",").contains("cpu") {
        // Mounted by the names of all its controllers; most systems link the single names to it.
        for mount in Set(["cpu", String(parts[1])]) {
          for group in groups {
            let directory = "\(root)/\(mount)\(group)"
            guard let quota = contents(of: "\(directory)/cpu.cfs_quota_us"),
              let period = contents(of: "\(directory)/cpu.cfs_period_us"),
              let processors = self.quota(inMaximum: "\(quota) \(period)")
            else { continue }
            quotas.append(processors)
          }
        }
      }
    }
    return quotas.min()
  }

  /// Returns a group's path and those of all groups around it, without a slash at the end.
  private static func enclosingGroups(of path: Substring) -> [String] {
    var groups = [""]
    for name in path.split(separator: "/") where name != ".." && name != "." {
      groups.append("\(groups[groups.count - 1])/\(name)")
    }
    return groups
  }

  /// Reads `QUOTA PERIOD` in microseconds; nil for `max`, −1 and what is not a quota.
  package static func quota(inMaximum line: String) -> Int? {
    let words = line.split { $0 == " " || $0 == "\n" }
    guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), quota > 0,
      period > 0
    else { return nil }
    return quota / period + (quota % period > 0 ? 1 : 0)
  }

  /// Reads the first 64 KiB of a file.
  private static func contents(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
