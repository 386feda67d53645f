#if Server
import JSONText
import YOLOSystem

/// How much of the machine is used, as the reports of epochs have it: since the last look.
struct MachineUsage {
  private struct Counters {
    /// Ticks of all processors, and those without work.
    var total = 0.0
    var idle = 0.0
    var read = 0.0
    var written = 0.0
    var received = 0.0
    var sent = 0.0
  }

  private var last = Counters()
  private var looked = ContinuousClock.now

  init() { last = Self.counters() }

  /// Returns the usage in percent, gigabytes, and megabytes a second.
  mutating func json() -> JSONValue {
    let now = Self.counters()
    let duration = (ContinuousClock.now - looked).components
    let seconds = max(1e-3, Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
    defer {
      last = now
      looked = .now
    }
    let total = now.total - last.total
    func rate(_ path: KeyPath<Counters, Double>) -> JSONValue {
      Self.rounded((now[keyPath: path] - last[keyPath: path]) / seconds / 1e6, 3)
    }
    var members = [
      JSONMember(
        "cpu", Self.rounded(total > 0 ? 100 * (1 - (now.idle - last.idle) / total) : 0, 2))
    ]
    let memory = Self.memory()
    if memory.total > 0 {
      members.append(
        JSONMember("ram", Self.rounded(100 * (1 - memory.available / memory.total), 2)))
    }
    if let disk = Self.disk() {
      members.append(
        JSONMember(
          "disk",
          .array([
            .object([
              JSONMember("mount", .string("/")),
              JSONMember("used_gb", Self.rounded(disk.used / Double(1 << 30), 1)),
              JSONMember("total_gb", Self.rounded(disk.total / Double(1 << 30), 1)),
            ])
          ])))
    }
    members.append(
      JSONMember(
        "disk_io",
        .object([
          JSONMember("read_mbs", rate(\.read)), JSONMember("write_mbs", rate(\.written)),
        ])))
    members.append(
      JSONMember(
        "network",
        .object([
          JSONMember("recv_mbs", rate(\.received)), JSONMember("sent_mbs", rate(\.sent)),
        ])))
    members.append(JSONMember("gpus", .object([])))
    return .object(members)
  }

  private static func rounded(_ value: Double, _ decimals: Int) -> JSONValue {
    let scale = decimals == 1 ? 10.0 : decimals == 2 ? 100 : 1000
    return .double((value * scale).rounded() / scale)
  }

  /// The gigabytes of memory and of the disk.
  static var sizes: (memory: Double, disk: Double) {
    let unit = Double(1 << 30)
    return (memory().total / unit, (disk()?.total ?? 0) / unit)
  }

  /// What the processors are called; nil if the system does not tell.
  static var processor: String? {
    lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }
      .map { String($0.drop { $0 != ":" }.dropFirst()).trimmed }
  }

  private static func lines(_ path: String) -> [Substring] {
    String(decoding: UnrecordedFile.bytes(path) ?? [], as: UTF8.self).split(separator: "\n")
  }

  private static func numbers(_ line: Substring) -> [Double] {
    line.split(whereSeparator: { $0 == " " || $0 == ":" }).map { Double($0) ?? 0 }
  }

  private static func counters() -> Counters {
    var counters = Counters()
    if let line = lines("/proc/stat").first {
      let ticks = numbers(line).dropFirst()
      counters.total = ticks.prefix(8).reduce(0, +)
      counters.idle = ticks.dropFirst(3).prefix(2).reduce(0, +)
    }
    // Disks as a whole, and none that other disks make up.
    for line in lines("/proc/diskstats") {
      let words = line.split(separator: " ")
      guard words.count > 9, FileSystem.exists("/sys/block/\(words[2])/device") else { continue }
      counters.read += (Double(words[5]) ?? 0) * 512
      counters.written += (Double(words[9]) ?? 0) * 512
    }
    for line in lines("/proc/net/dev").dropFirst(2) where !line.contains("lo:") {
      let values = numbers(line)
      guard values.count > 9 else { continue }
      counters.received += values[1]
      counters.sent += values[9]
    }
    return counters
  }

  private static func memory() -> (total: Double, available: Double) {
    var found = (total: 0.0, available: 0.0)
    for line in lines("/proc/meminfo") {
      if line.hasPrefix("MemTotal:") { found.total = numbers(line)[1] * 1024 }
      if line.hasPrefix("MemAvailable:") { found.available = numbers(line)[1] * 1024 }
    }
    return found
  }

  private static func disk() -> (used: Double, total: Double)? {
    var status = statvfs()
    guard statvfs(".", &status) == 0 else { return nil }
    let unit = Double(status.f_frsize)
    return (
      Double(status.f_blocks - status.f_bfree) * unit, Double(status.f_blocks) * unit
    )
  }
}
#endif
