#if Server
import Foundation
import JSONText
import Subprocess
import Synchronization
import YOLOServerOptions
import YOLOSystem

/// How workers are started.
struct TrainerOptions: Sendable {
  /// The command, with `{args}` in place of the arguments.
  let words: [String]
  /// What this program needs to be its own worker; nil if a command of the operator is.
  let own: OwnTrainer?
  /// Where workers have their directories.
  let directory: String

  /// The directory of a job.
  func directory(of job: String) -> String { "\(directory)/\(job)" }

  /// The words of the command for a job.
  func command(_ arguments: [String]) -> [String] {
    words.flatMap { $0 == "{args}" ? arguments : [$0] }
  }
}

/// A worker: a process that trains, in a session and a directory of its own.
///
/// It outlives the server: a server that is started again finds it by the number in the file `pid`
/// of its directory and by its environment, and watches it as before.
final class TrainingWorker: Sendable {
  /// How much a worker may write to its output, in bytes: at first, and with each second.
  private static let outputBudget = (start: 64 << 20, second: 1 << 20)
  /// The size at which the file of the output is emptied.
  private static let outputSize = 4 << 20
  /// How much of the end of the output is kept in memory.
  private static let tailSize = 16 << 10

  /// How the process has ended.
  enum Exit: Sendable, Hashable {
    case code(Int)
    case signal(Int)
    /// It could not be started.
    case notStarted(String)
    /// It is gone, and was not a child of this server.
    case unknown
  }

  private struct State {
    var process: Int32?
    var exit: Exit?
    var reason: TrainingJobRepository.Ending?
    var hasTerminated = false
    var hasKilled = false
    var outputBytes = 0
    var emptiedBytes = 0
    var lastOutput = ContinuousClock.now
    var tail: [UInt8] = []
  }

  let job: String
  /// The directory of the job.
  let directory: String
  private let began = ContinuousClock.now
  private let state = Mutex(State())

  /// Names the worker of a job, which is started or found.
  init(job: String, directory: String) {
    self.job = job
    self.directory = directory
  }

  private var file: String { "\(directory)/job.json" }
  private var outputPath: String { "\(directory)/output" }

  // MARK: Start

  /// What a worker is told besides its arguments.
  struct Task: Sendable {
    /// The words of the command.
    let command: [String]
    /// The job as JSON.
    let description: JSONValue
    /// What the worker reaches the server at.
    let address: String
    let key: String
    /// Further variables of the environment.
    var variables: [String: String] = [:]
    /// Files that the directory has links to, by their names.
    var links: [String: String] = [:]
    /// Whether it leaves the processors to others that want them.
    var yields = false
  }

  /// Starts the process; how it ends is known by ``exit``.
  ///
  /// - Parameters:
  ///   - task: What it is told.
  ///   - goesOn: Whether the files that a process before has left stay.
  /// - Throws: `FileError` if the directory cannot be prepared.
  func start(_ task: Task, goesOn: Bool = false) throws {
    if goesOn {
      // What this process has written is never written over.
      for path in ["\(directory)/pid", file] { unlink(path.pathCharacters) }
    } else {
      FileSystem.removeTree(directory)
      try FileSystem.makeDirectories(directory, mode: 0o700)
    }
    for (name, target) in task.links where !FileSystem.entryExists("\(directory)/\(name)") {
      guard symlink(target.pathCharacters, "\(directory)/\(name)".pathCharacters) == 0 else {
        throw FileError(lastErrorAt: "\(directory)/\(name)")
      }
    }
    try AtomicFile.write(Array(JSONWriter.text(task.description).utf8), to: file)
    let variables = WorkerProcess.inheritedEnvironment.merging([
      "YOLO_JOB": file, "ULTRALYTICS_PLATFORM_URL": task.address, "ULTRALYTICS_API_KEY": task.key,
    ]) { $1 }.merging(task.variables) { $1 }
    let environment = Environment.custom(
      Dictionary(
        uniqueKeysWithValues: variables.compactMap { name, value in
          Environment.Key(rawValue: name).map { ($0, value) }
        }))
    // The shell writes the number that the program then has.
    let script = """
      cd "$1" || exit 125
      echo $$ > pid.new && mv pid.new pid || exit 125
      shift
      if [ "$1" = nice ] && ! command -v nice >/dev/null; then shift 3; fi
      exec "$@" >> output 2>&1
      """
    let words =
      ["-c", script, "sh", directory] + (task.yields ? ["nice", "-n", "10"] : []) + task.command
    var options = PlatformOptions()
    options.createSession = true
    let platform = options
    _Concurrency.Task.detached { [self] in
      let exit: Exit
      do {
        let result = try await Subprocess.run(
          .name("sh"), arguments: Arguments(words),
          environment: environment,
          platformOptions: platform, input: .none, output: .discarded, error: .discarded)
        exit =
          switch result.terminationStatus {
          case .exited(let code): .code(Int(code))
          case .signaled(let signal): .signal(Int(signal))
          }
      } catch {
        exit = .notStarted("\(error)")
      }
      state.withLock { $0.exit = exit }
    }
  }

  // MARK: The process

  /// The number of the process; nil until it has written it.
  private func process() -> Int32? {
    if let known = state.withLock({ $0.process }) { return known }
    guard let text = try? String(contentsOfFile: "\(directory)/pid", encoding: .utf8),
      let number = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)), number > 1
    else { return nil }
    state.withLock { $0.process = number }
    return number
  }

  /// Whether a worker of this directory runs: a process that has the number and the environment of
  /// the job.
  var isAlive: Bool { process().map(isOfJob) ?? false }

  /// Whether a process has the environment of the job.
  private func isOfJob(_ process: Int32) -> Bool {
    let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
    return environment.split(separator: 0).contains(Data("YOLO_JOB=\(file)".utf8))
  }

  /// What is left of a group whose first process is gone; its number may be another's by now.
  private func isInGroup(_ process: Int32, _ group: Int32) -> Bool {
    getpgid(process) == group && isOfJob(process)
  }

  /// Whether a worker has begun here.
  var hasBegun: Bool { process() != nil }

  /// Returns how the process has ended; nil while it runs.
  ///
  /// A child of this process is told from one of a server before by `isOwn`.
  func exit(isOwn: Bool) -> Exit? {
    if isOwn { return state.withLock { $0.exit } }
    return isAlive ? nil : .unknown
  }

  /// Sends a signal to the process and all that it has started.
  private func send(_ signal: Int32) {
    guard let group = process() else { return }
    let isOwn =
      isOfJob(group)
      || ((try? FileSystem.names(in: "/proc")) ?? []).contains { name in
        Int32(name).map { isInGroup($0, group) } ?? false
      }
    if isOwn { _ = kill(-group, signal) }
  }

  /// Tells the process to end, once.
  func terminate() {
    let isFirst = state.withLock { state in
      defer { state.hasTerminated = true }
      return !state.hasTerminated
    }
    if isFirst { send(SIGTERM) }
  }

  /// Ends the process at once, for a reason that the job fails with; nil if it is cancelled.
  func end(_ reason: TrainingJobRepository.Ending?) {
    state.withLock { state in
      state.reason = state.reason ?? reason
      state.hasKilled = true
    }
    send(SIGKILL)
  }

  /// Ends what a process that is gone has left running.
  func endRest() { if process() != nil { send(SIGKILL) } }

  // MARK: Going on

  /// How often a worker that was killed is started again at most.
  private static let maximumStarts = 3

  /// Returns the checkpoint that a training of this program goes on from, whose worker somebody else
  /// has killed; nil if it was not, if it has finished no epoch, or if that was often enough.
  ///
  /// Each call counts as a start.
  func checkpointToGoOnFrom(after exit: Exit) -> String? {
    switch exit {
    case .signal, .unknown: break
    case .code, .notStarted: return nil
    }
    let isEnded = state.withLock { $0.hasKilled || $0.hasTerminated || $0.reason != nil }
    guard !isEnded else { return nil }
    let runs = (try? FileSystem.files(below: "\(directory)/runs", maximumFiles: 100_000)) ?? []
    guard let checkpoint = runs.first(where: { $0.hasSuffix("/weights/last.pt") }) else {
      return nil
    }
    let file = "\(directory)/starts"
    let text = (try? FileSystem.read(file, maximumBytes: 64)).map {
      String(decoding: $0, as: UTF8.self)
    }
    let starts = text.flatMap { Int($0) } ?? 1
    guard starts < Self.maximumStarts else { return nil }
    unlink(file.pathCharacters)
    do throws(FileError) {
      try AtomicFile.write(Array("\(starts + 1)".utf8), to: file)
      return checkpoint
    } catch {
      return nil
    }
  }

  // MARK: The output

  /// Looks at the output: empties the file when it is long.
  ///
  /// - Returns: Whether the worker has written more than any trainer does.
  func lookAtOutput() -> Bool {
    let size = Self.size(of: outputPath)
    let known = state.withLock { $0.outputBytes }
    if size != known {
      state.withLock { state in
        state.outputBytes = size
        state.lastOutput = .now
      }
    }
    if size > Self.outputSize {
      let tail = Self.end(of: outputPath, size: size, count: Self.tailSize)
      _ = truncate(outputPath, 0)
      state.withLock { state in
        state.tail = tail
        state.emptiedBytes += size
        state.outputBytes = 0
      }
    }
    let total = state.withLock { $0.emptiedBytes } + size
    let seconds = Int((ContinuousClock.now - began).components.seconds)
    return total > Self.outputBudget.start + seconds * Self.outputBudget.second
  }

  /// The seconds since something was written to the output.
  var quietSeconds: Int {
    Int((ContinuousClock.now - state.withLock { $0.lastOutput }).components.seconds)
  }

  /// The last line of the output that has text.
  var lastLine: String? {
    let size = Self.size(of: outputPath)
    let tail = state.withLock { $0.tail } + Self.end(of: outputPath, size: size, count: 8192)
    let text = String(decoding: tail, as: UTF8.self)
    let line = text.split { $0.isNewline || $0 == "\r" }.last {
      $0.contains { !$0.isWhitespace }
    }
    return line.map { String($0.trimmingCharacters(in: .whitespaces).prefix(300)) }
  }

  /// The size of a file; 0 if it is not there.
  private static func size(of path: String) -> Int {
    guard let file = FileHandle(forReadingAtPath: path) else { return 0 }
    defer { try? file.close() }
    return (try? file.seekToEnd()).map(Int.init) ?? 0
  }

  private static func end(of path: String, size: Int, count: Int) -> [UInt8] {
    guard let file = FileHandle(forReadingAtPath: path) else { return [] }
    defer { try? file.close() }
    guard (try? file.seek(toOffset: UInt64(max(0, size - count)))) != nil,
      let data = try? file.read(upToCount: count)
    else { return [] }
    return Array(data)
  }

  /// What the end of the process means for the job.
  func ending(_ exit: Exit) -> TrainingJobRepository.Ending {
    if let reason = state.withLock({ $0.reason }) { return reason }
    let last = lastLine.map { ": \($0)" } ?? "."
    return switch exit {
    case .code(0), .unknown: .done
    case .code(let code):
      .failed("The trainer ended with the code \(code)\(last)", code: "TRAINER_FAILED")
    case .signal(let signal):
      .failed("The trainer was ended by the signal \(signal)\(last)", code: "TRAINER_KILLED")
    case .notStarted:
      .failed("The trainer could not be started.", code: "TRAINER_NOT_STARTED")
    }
  }

  /// Removes what the job has left on the disk.
  func removeFiles() { FileSystem.removeTree(directory) }
}
#endif
