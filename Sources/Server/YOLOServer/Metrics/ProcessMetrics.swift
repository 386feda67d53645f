#if Server
import YOLOSystem

/// The metrics of the process itself, by the names that Prometheus' clients use, from `/proc/self`.
package enum ProcessMetrics {
  /// Adds them to a registry.
  package static func register(in registry: PrometheusRegistry) {
    registry.addReading("process_resident_memory_bytes", "Resident memory size in bytes.") {
      residentBytes() ?? .nan
    }
    registry.addCount(
      "process_cpu_seconds_total", "Total user and system CPU time spent in seconds."
    ) {
      cpuSeconds() ?? .nan
    }
    registry.addReading("process_open_fds", "Number of open file descriptors.") {
      openFiles() ?? .nan
    }
    registry.addReading(
      "process_start_time_seconds", "Start time of the process since the Unix epoch in seconds."
    ) {
      startSeconds() ?? .nan
    }
  }

  private static func residentBytes() -> Double? {
    let fields = text("/proc/self/statm").split(separator: " ")
    guard fields.count > 1, let pages = Double(fields[1]) else { return nil }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static func cpuSeconds() -> Double? {
    let fields = statFields()
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
      return nil
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func startSeconds() -> Double? {
    let fields = statFields()
    let boot = text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
    guard fields.count > 19, let ticks = Double(fields[19]),
      let boot = boot.flatMap({ Double($0.dropFirst(6)) })
    else { return nil }
    return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// The fields of `/proc/self/stat` from the third on; the second may contain spaces.
  private static func statFields() -> [Substring] {
    let text = text("/proc/self/stat")
    guard let end = text.lastIndex(of: ")") else { return [] }
    return text[text.index(after: end)...].split(separator: " ")
  }

  private static func openFiles() -> Double? {
    guard let directory = opendir("/proc/self/fd") else { return nil }
    defer { closedir(directory) }
    // The directory's own descriptor, `.` and `..` are listed too.
    var count = -3
    while readdir(directory) != nil { count += 1 }
    return Double(count)
  }

  /// The first 64 KiB of a file, or nothing.
  private static func text(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
      // SAFETY: read writes at most buffer.count bytes.
      while count < buffer.count {
        let size = read(file, buffer.baseAddress.map { $0 + count }, buffer.count - count)
        guard size > 0 else { break }
        count += size
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
#endif
