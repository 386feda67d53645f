import CheckpointFuzzing
import Glibc

/// Runs cases in this process.
struct Worker {
  private let options: Options
  private let bases: FuzzBases

  init(_ options: Options) throws {
    self.options = options
    bases = try FuzzBases(repository: options.repository)
  }

  /// The memory that a worker may ask for; what asks for more fails as if there were none.
  private static let memoryLimit: rlim_t = 6 << 30

  /// Runs every `jobs`-th case.
  func run() throws {
    guard let progress = Progress(path: options.progress) else { exit(70) }
    var limit = rlimit(rlim_cur: Self.memoryLimit, rlim_max: Self.memoryLimit)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    // No dumps of what is meant to die.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    let clock = ContinuousClock()
    for number in stride(from: options.first, to: options.end, by: options.jobs) {
      progress[.current] = number
      var ending: FuzzCase.Ending?
      let duration = clock.measure {
        var fuzzCase = FuzzCase(number, seed: options.seed, bases: bases)
        guard options.bases.isEmpty || options.bases.contains(fuzzCase.base) else { return }
        ending = fuzzCase.run()
      }
      guard let ending else {
        progress[.done] += 1
        continue
      }
      progress.count(ending)
      if case .wrong(let reason) = ending { print("case \(number): wrong: \(reason)") }
      let milliseconds = Int(duration / .milliseconds(1))
      if milliseconds > progress[.slowest] {
        progress[.slowest] = milliseconds
        progress[.slowestCase] = number
      }
      progress[.done] += 1
      if number / options.jobs % 64 == 0 {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        progress[.resident] = max(progress[.resident], usage.ru_maxrss)
      }
    }
    progress[.current] = -1
  }

  /// Runs one case and tells about it.
  func show(_ number: Int) throws {
    var fuzzCase = FuzzCase(number, seed: options.seed, bases: bases)
    print("case \(number) of seed \(options.seed): \(fuzzCase.base)")
    for line in fuzzCase.damage { print("  \(line)") }
    print("  \(fuzzCase.description)")
    let duration = ContinuousClock().measure {
      let ending = fuzzCase.run()
      print("  \(ending)")
    }
    print("  \(duration)")
    for line in fuzzCase.messages { print("  \(line)") }
  }
}
