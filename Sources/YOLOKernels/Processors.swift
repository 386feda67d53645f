#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The processors that this process may use.
public enum Processors {
  /// The processors of the affinity mask, or the control group's CPU quota where that is smaller,
  /// rounded up; at least 1.
  public static let usable: Int = {
    let processors = max(1, inAffinityMask() ?? sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    return quota().map { min(processors, $0) } ?? processors
  }()

  /// The processors that the scheduler may put this process on; nil where the C library cannot tell.
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

  /// The control group's quota in processors: version 2, then version 1.
  private static func quota() -> Int? {
    if let line = firstLine(of: "/sys/fs/cgroup/cpu.max") {
      return quota(inMaximum: line)
    }
    guard let quota = firstLine(of: "/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
      let period = firstLine(of: "/sys/fs/cgroup/cpu/cpu.cfs_period_us")
    else { return nil }
    return self.quota(inMaximum: "\(quota) \(period)")
  }

  /// Reads `QUOTA PERIOD` in microseconds; nil for `max`, −1 and what is not a quota.
  package static func quota(inMaximum line: String) -> Int? {
    let words = line.split(separator: " ")
    guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), quota > 0,
      period > 0
    else { return nil }
    return max(1, (quota + period - 1) / period)
  }

  private static func firstLine(of path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var buffer = [CChar](repeating: 0, count: 256)
    guard fgets(&buffer, 256, file) != nil else { return nil }
    let bytes = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
