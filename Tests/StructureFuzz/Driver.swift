import Glibc

/// Starts workers, and looks after them.
struct Driver {
  private let options: Options
  /// The number behind the last case.
  private let end: Int

  init(_ options: Options) {
    self.options = options
    end = options.first + options.cases
  }

  /// A worker process and the numbers that it leaves.
  private final class Process {
    let progress: Progress
    let path: String
    let index: Int
    var identifier: pid_t = 0
    var seen = (current: -1, since: ContinuousClock.now)

    init?(index: Int) {
      self.index = index
      path = "/tmp/structure-fuzz-\(getpid())-\(index)"
      guard let progress = Progress(path: path) else { return nil }
      self.progress = progress
      progress[.current] = -1
    }

    deinit { unlink(path) }
  }

  /// Runs all cases; returns whether each of them ended as it must.
  func run() throws -> Bool {
    let start = ContinuousClock.now
    var failures = 0
    let processes = (0..<options.jobs).compactMap { Process(index: $0) }
    for process in processes { spawn(process, from: options.first + process.index) }
    var running = processes
    var reported = start
    while !running.isEmpty {
      usleep(20_000)
      for process in running {
        var status: Int32 = 0
        if waitpid(process.identifier, &status, WNOHANG) == process.identifier {
          let number = process.progress[.current]
          if status == 0, number < 0 {
            running.removeAll { $0 === process }
            continue
          }
          guard number >= 0 else {
            print("a worker ended with status \(status) before its first case")
            return false
          }
          failures += 1
          let how = status & 0x7F == 0 ? "exit \(status >> 8)" : "signal \(status & 0x7F)"
          print("case \(number): \(how)")
          restart(process, &running)
        } else {
          let current = process.progress[.current]
          if current != process.seen.current {
            process.seen = (current, .now)
          } else if ContinuousClock.now - process.seen.since > .seconds(options.seconds) {
            failures += 1
            print("case \(current): longer than \(options.seconds) s")
            kill(process.identifier, SIGKILL)
            var status: Int32 = 0
            waitpid(process.identifier, &status, 0)
            restart(process, &running)
          }
        }
      }
      if ContinuousClock.now - reported > .seconds(30) {
        reported = .now
        report(processes, since: start, failures: failures)
      }
    }
    report(processes, since: start, failures: failures)
    return failures == 0 && processes.allSatisfy { $0.progress[.wrong] == 0 }
  }

  /// Goes on behind the case that a worker died of.
  private func restart(_ process: Process, _ running: inout [Process]) {
    let next = process.progress[.current] + options.jobs
    process.progress[.current] = -1
    process.progress[.done] += 1
    if next >= end {
      running.removeAll { $0 === process }
    } else {
      spawn(process, from: next)
    }
  }

  private func spawn(_ process: Process, from first: Int) {
    let words = [
      "StructureFuzz", "--worker", "--seed", "\(options.seed)", "--end", "\(end)",
      "--first", "\(first)", "--jobs", "\(options.jobs)", "--repository", options.repository,
      "--progress", process.path, "--bases", options.bases.sorted().joined(separator: ","),
    ]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    // A backtrace takes seconds; `--case` gives it.
    let environment = [strdup("SWIFT_BACKTRACE=enable=no"), nil]
    fflush(nil)
    let result = posix_spawn(
      &process.identifier, "/proc/self/exe", nil, nil, arguments, environment)
    guard result == 0 else {
      print("no worker can be started")
      exit(70)
    }
    for text in arguments + environment { free(text) }
    process.seen = (-1, .now)
  }

  private func report(
    _ processes: [Process], since start: ContinuousClock.Instant, failures: Int
  ) {
    func sum(_ field: Progress.Field) -> Int { processes.reduce(0) { $0 + $1.progress[field] } }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let slowest = processes.max { $0.progress[.slowest] < $1.progress[.slowest] }?.progress
    print(
      "\(sum(.done)) cases, \(Int(Double(sum(.done)) / seconds)) a second:",
      "\(sum(.predicted)) predicted; refused \(sum(.refusedFile)) by the file,",
      "\(sum(.refusedModel)) by the model, \(sum(.refusedTooLarge)) as too large,",
      "\(sum(.refusedOtherwise)) otherwise; \(sum(.wrong)) wrong, \(failures) died;",
      "at most \((processes.map { $0.progress[.resident] }.max() ?? 0) >> 10) MiB,",
      "slowest \(slowest?[.slowest] ?? 0) ms (case \(slowest?[.slowestCase] ?? -1))")
    fflush(nil)
  }
}
