#if Server
import Dispatch
import Foundation
import Synchronization
import YOLOServerOptions
import YOLOSystem

/// A program that works for the server, and how it is run.
package struct WorkerProgram: Sendable {
  /// The program, found in `PATH` if its name has no slash, and its arguments.
  package var arguments: [String]
  /// The directory that it runs in.
  package var directory: String
  /// The variables that it has besides those of the server; the options of the server are left out.
  package var environment: [String: String] = [:]
  /// The maximum size of each file that it writes, in bytes; nil for any.
  package var maximumFileBytes: Int?

  /// Describes a program.
  package init(_ arguments: [String], in directory: String) {
    self.arguments = arguments
    self.directory = directory
  }

  /// Describes a command of the shell.
  package init(command: String, in directory: String) {
    self.init(["/bin/sh", "-c", command], in: directory)
  }
}

/// Why a program could not be started.
package struct WorkerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One sentence.
  package let description: String
}

/// How a program ended.
package enum WorkerEnding: Sendable, Hashable, CustomStringConvertible {
  /// It returned a code.
  case exited(Int)
  /// A signal ended it.
  case signaled(Int)

  /// As messages have it.
  package var description: String {
    switch self {
    case .exited(let code): "it ended with the exit code \(code)"
    case .signaled(let signal): "the signal \(signal) ended it"
    }
  }
}

/// A running program in a process group of its own, which ends as a whole.
///
/// The group is killed as soon as the program itself ends, so that nothing it has started stays
/// behind, and also when the server ends in whatever way: a shell of the group waits at a socket
/// whose other end only the server has. What the program writes to standard output and standard error is
/// one stream.
package final class WorkerProcess: Sendable {
  /// The identifier of the program's process, and of its group.
  package let identifier: Int32

  private struct State {
    /// Whether the identifier may be that of another process from now on.
    var isReaped = false
    var ending: WorkerEnding?
    var waiters: [CheckedContinuation<WorkerEnding, Never>] = []
  }

  private let state = Mutex(State())
  /// The end of the socket that tells the group whether the server lives.
  private let life: Int32

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - program: What is run.
  ///   - onOutput: Called on a thread that may wait with what the program writes, piece by piece; as
  ///     long as it does not return the program waits with further output.
  /// - Throws: ``WorkerError`` if there is no process or file left; a program that is not there ends
  ///   with the exit code 127.
  package init(
    _ program: WorkerProgram, onOutput: @escaping @Sendable ([UInt8]) -> Void
  ) throws(WorkerError) {
    var pipes = Pipes()
    guard pipes.open() else { throw WorkerError(description: SystemMessage.text(of: errno)) }
    defer { pipes.closeChildEnds() }
    let limit = program.maximumFileBytes.map { "\(max(1, $0 / 512))" } ?? "unlimited"
    let words = ["/bin/sh", "-c", Self.script, "worker", program.directory, limit]
    switch Self.spawn(words + program.arguments, Self.environment(of: program), pipes) {
    case .success(let identifier): self.identifier = identifier
    case .failure(let error):
      pipes.closeParentEnds()
      throw error
    }
    life = pipes.life.write
    let (output, over) = (pipes.output.read, pipes.over)
    Thread { [self] in watch(output: output, over: over, onOutput) }.start()
  }

  /// The group's end comes with the socket's, which the program itself never sees.
  private static let script = """
    exec 3<&0 </dev/null
    (trap '' HUP INT TERM; read -r _ <&3; kill -s KILL 0) >/dev/null 2>&1 &
    exec 3<&-
    cd -- "$1" || exit 126
    ulimit -f "$2" || exit 126
    shift 2
    exec "$@"
    """

  /// The variables of the server that programs have, too.
  ///
  /// What is an option of the server may be a secret, and would be one of a server as a program.
  static var inheritedEnvironment: [String: String] {
    let options = Set(ServerSettings.settings.map(\.variable) + PaymentProvider.secretVariables)
    return ProcessInfo.processInfo.environment.filter { !options.contains($0.key) }
  }

  private static func environment(of program: WorkerProgram) -> [String] {
    inheritedEnvironment.merging(program.environment) { $1 }.map { "\($0.key)=\($0.value)" }
  }

  // MARK: Ending

  /// Waits until the program has ended and all of its output was handed on.
  package func ending() async -> WorkerEnding {
    await withCheckedContinuation { continuation in
      let ending = state.withLock { state in
        if state.ending == nil { state.waiters.append(continuation) }
        return state.ending
      }
      if let ending { continuation.resume(returning: ending) }
    }
  }

  /// Whether the program has ended.
  package var isOver: Bool { state.withLock { $0.ending != nil } }

  /// Asks the program to end: SIGTERM to all of its group.
  package func terminate() { send(SIGTERM) }

  /// Ends the program and all of its group at once.
  package func kill() { send(SIGKILL) }

  private func send(_ signal: Int32) {
    state.withLock { state in
      if !state.isReaped { killpg(identifier, signal) }
    }
  }

  /// Hands the output on and waits for the end; runs on a thread of its own.
  private func watch(
    output: Int32, over: (read: Int32, write: Int32),
    _ onOutput: @escaping @Sendable ([UInt8]) -> Void
  ) {
    let drained = DispatchSemaphore(value: 0)
    Thread {
      Self.forward(output, until: over.read, onOutput)
      drained.signal()
    }.start()
    var info = siginfo_t()
    while waitid(P_PID, id_t(identifier), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    send(SIGKILL)
    var status: Int32 = 0
    state.withLock { state in
      while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
      state.isReaped = true
    }
    close(life)
    close(over.write)
    drained.wait()
    close(over.read)
    close(output)
    // As the macros WIFEXITED, WEXITSTATUS and WTERMSIG have it.
    let signal = Int(status & 0x7F)
    let ending: WorkerEnding = signal == 0 ? .exited(Int(status >> 8 & 0xFF)) : .signaled(signal)
    let waiters = state.withLock { state in
      state.ending = ending
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume(returning: ending) }
  }

  /// Reads until all writers have closed, or until `over` was closed and nothing is left.
  private static func forward(
    _ output: Int32, until over: Int32, _ onOutput: ([UInt8]) -> Void
  ) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var events = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: over, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&events, 2, -1) >= 0 || errno == EINTR else { return }
      if events[0].revents != 0 {
        let count = FileSystem.systemRead(output, &buffer, buffer.count)
        if count > 0 {
          onOutput(Array(buffer[..<count]))
        } else if count == 0 || errno != EINTR {
          return
        }
      } else if events[1].revents != 0 {
        return
      }
    }
  }

  // MARK: Starting

  /// The pipes between the server and a program.
  private struct Pipes {
    /// Open for writing as long as the server lives.
    var life: (read: Int32, write: Int32) = (-1, -1)
    /// What the program writes.
    var output: (read: Int32, write: Int32) = (-1, -1)
    /// Closed for writing once the program has ended.
    var over: (read: Int32, write: Int32) = (-1, -1)

    mutating func open() -> Bool {
      // A copy of `life` in another child would keep the group alive, so it must never be inherited:
      // sockets can be created so. What a program writes goes to a pipe, which has a path.
      guard let life = Self.socketPair() else { return false }
      self.life = life
      var ends: [Int32] = [-1, -1]
      guard pipe(&ends) == 0, let over = Self.socketPair() else {
        let number = errno
        output = (ends[0], ends[1])
        closeChildEnds()
        closeParentEnds()
        errno = number
        return false
      }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      output = (ends[0], ends[1])
      self.over = over
      return true
    }

    private static func socketPair() -> (read: Int32, write: Int32)? {
      var ends: [Int32] = [-1, -1]
      // SOCK_STREAM, and SOCK_CLOEXEC, which is O_CLOEXEC: which C module has their names depends on
      // which module is loaded first.
      let type = 1 | O_CLOEXEC
      guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { return nil }
      return (ends[0], ends[1])
    }

    mutating func closeChildEnds() {
      for end in [life.read, output.write] where end >= 0 { close(end) }
      (life.read, output.write) = (-1, -1)
    }

    mutating func closeParentEnds() {
      for end in [life.write, output.read, over.read, over.write] where end >= 0 { close(end) }
    }
  }

  private static func spawn(
    _ words: [String], _ environment: [String], _ pipes: Pipes
  ) -> Result<Int32, WorkerError> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipes.life.read, 0)
    posix_spawn_file_actions_adddup2(&actions, pipes.output.write, 1)
    posix_spawn_file_actions_adddup2(&actions, pipes.output.write, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var identifier: Int32 = 0
    let number = posix_spawn(
      &identifier, "/bin/sh", &actions, &attributes, &arguments, &variables)
    guard number == 0 else {
      return .failure(WorkerError(description: SystemMessage.text(of: number)))
    }
    return .success(identifier)
  }
}

/// Splits what a program writes into lines of a bounded length.
package struct LineSplitter: Sendable {
  /// The maximum length of a line in bytes; what is longer becomes several lines.
  package let maximum: Int
  private var rest: [UInt8] = []

  package init(maximum: Int = 4096) { self.maximum = maximum }

  /// Returns the lines that are whole with some more bytes.
  package mutating func append(_ bytes: [UInt8]) -> [String] {
    var lines: [String] = []
    for byte in bytes {
      if byte == 0x0A || byte == 0x0D {
        if let line = take() { lines.append(line) }
      } else {
        rest.append(byte)
        if rest.count >= maximum, let line = take() { lines.append(line) }
      }
    }
    return lines
  }

  /// Returns what follows the last line; nil if there is nothing.
  package mutating func take() -> String? {
    guard !rest.isEmpty else { return nil }
    defer { rest.removeAll(keepingCapacity: true) }
    return String(decoding: rest, as: UTF8.self)
  }
}

/// Paths that mean the same in every directory.
enum AbsolutePath {
  /// Returns the path of something that is there, without links; the path itself if it is not.
  static func of(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
#endif
