#if Server
import CDispatch  // Which C module defines `stat` depends on which module is loaded first.
import JSONText
import NIOPosix
import Synchronization
import YOLOServerOptions
import YOLOSystem

/// What exports models: commands of the operator, and this program itself.
struct Exporters: Sendable {
  /// The commands by the names of formats.
  let commands: [String: String]
  /// The program `yolo`.
  let program: String
  let limits: ServerLimits

  init(settings: ServerSettings) {
    commands = settings.exporters.flatMap { ExporterList($0) }?.commands ?? [:]
    program = settings.program ?? Self.ownProgram
    limits = settings.limits
  }

  /// The program of this process, also once its file was replaced.
  static var ownProgram: String { "/proc/\(getpid())/exe" }

  /// Whether a format can be exported here.
  func canExport(_ format: String) -> Bool {
    commands[format] != nil || format == ExportFormat.checkpoint.name
      || format == ExportFormat.safetensors.name
  }

  /// Whether a format is one of this program's own, which takes no arguments.
  func takesArguments(_ format: String) -> Bool { commands[format] != nil }

  /// The formats that can be exported here.
  var formats: [String] {
    ExportFormat.all.map(\.name).filter(canExport)
  }

  /// Returns what exports a checkpoint.
  ///
  /// - Parameters:
  ///   - row: The export.
  ///   - checkpoint: The path of the checkpoint.
  ///   - output: The directory of the result, and of the checkpoint.
  ///   - job: The file that describes the export.
  /// - Returns: The program, which runs in the directory of the result.
  func program(
    of row: ExportRow, checkpoint: String, output: String, job: String
  ) -> WorkerProgram {
    var worker: WorkerProgram
    if let command = commands[row.format] {
      let values = [
        "{checkpoint}": Self.quoted(checkpoint), "{output}": Self.quoted(output),
        "{format}": Self.quoted(row.format),
        "{args}": ExportArguments.words(row.arguments).map(Self.quoted).joined(separator: " "),
      ]
      worker = WorkerProgram(
        command: values.reduce(command) { $0.replacing($1.key, with: $1.value) }, in: output)
    } else {
      let target = "\(output)/\(row.modelSlug).safetensors"
      worker = WorkerProgram(
        [program, "export", "--model", checkpoint, "--output", target], in: output)
    }
    worker.environment = ["YOLO_JOB": job]
    worker.maximumFileBytes = limits.exportBytes
    return worker
  }

  /// Quotes a word for the shell.
  static func quoted(_ word: String) -> String {
    "'\(word.replacing("'", with: "'\\''"))'"
  }
}

/// Exports a model: runs the exporter of the format in a directory of its own, and stores what it
/// leaves there.
struct ExportJob: Sendable {
  let exports: ExportRepository
  let exporters: Exporters
  let work: ExportRepository.Work
  /// The directory of this work, which nobody else uses.
  let directory: String

  /// How often it is looked whether the export is still wanted.
  private static let interval = Duration.milliseconds(500)

  /// Why an export fails, for whoever asked for it.
  private struct Failure: Error {
    let message: String
  }

  private var slug: String { work.row.modelSlug }

  /// Does the work; what goes wrong with the exporter is noted.
  ///
  /// - Throws: `CancellationError` if the task is cancelled: the export is begun again by the next
  ///   server. `PlatformError` where the store or the database fails.
  func run() async throws {
    do {
      if work.row.format == ExportFormat.checkpoint.name,
        !exporters.takesArguments(work.row.format)
      {
        return try await exports.complete(work, with: work.weights.digest, named: "\(slug).pt")
      }
      if let known = work.known {
        let suffix = known.fileName.drop { $0 != "." && $0 != "_" }
        let name = suffix.isEmpty ? known.fileName : slug + suffix
        return try await exports.complete(work, with: known.digest, named: name)
      }
      FileSystem.removeTree(directory)
      defer { FileSystem.removeTree(directory) }
      let output = "\(directory)/\(slug)"
      try await onThread {
        try FileSystem.makeDirectory(directory, mode: 0o700)
        try FileSystem.makeDirectory(output, mode: 0o700)
      }
      try await export(to: output)
      let (path, name) = try await onThread { try result(in: output) }
      let staged = try await stage(path)
      try await exports.complete(work, with: staged, named: name)
    } catch let failure as Failure {
      // Where this server keeps its files is nothing for whoever asked.
      try await exports.fail(work, failure.message.replacing("\(directory)/", with: ""))
    } catch let error as PlatformError {
      switch error {
      case .storageFull, .storage(.diskFull), .storage(.unknown):
        try await exports.fail(work, "\(error)")
      default: throw error
      }
    } catch let error as FileError {
      try await exports.fail(work, error.message)
    } catch let error as ExportArchive.Failure {
      try await exports.fail(work, "The result cannot be packed: \(error)")
    } catch let error as WorkerError {
      try await exports.fail(work, "The exporter cannot be started: \(error)")
    }
  }

  private func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(body)
  }

  // MARK: The exporter

  private func export(to output: String) async throws {
    let checkpoint = "\(output)/\(slug).pt"
    let job = "\(directory)/job.json"
    let description = describe(checkpoint: checkpoint, output: output)
    try await onThread { [exports, work] in
      // A copy: what the exporter does to it is its own affair.
      try FileCopy.copy(exports.store.path(of: work.weights.digest), to: checkpoint)
      try AtomicFile.write(Array(description.utf8), to: job)
    }
    let program = exporters.program(
      of: work.row, checkpoint: checkpoint, output: output, job: job)
    let log = OutputTail()
    let worker = try WorkerProcess(program) { log.append($0) }
    let verdict = await watch(worker, log)
    switch verdict {
    case .ended(.exited(0)): return
    case .ended(let ending):
      throw Failure(message: "The exporter failed: \(ending).\(log.excerpt)")
    case .stopped: throw CancellationError()
    // Whoever cancelled it has noted that.
    case .unwanted: throw Failure(message: "The export was cancelled.")
    case .timedOut:
      throw Failure(
        message: "The exporter took longer than the \(exporters.limits.exportTimeout) seconds that "
          + "it may.\(log.excerpt)")
    case .flooded:
      throw Failure(
        message: "The exporter wrote more than the \(exporters.limits.exportOutput) bytes that it "
          + "may.\(log.excerpt)")
    }
  }

  private func describe(checkpoint: String, output: String) -> String {
    let row = work.row
    return JSONWriter.text(
      .object([
        JSONMember("id", .string(row.id)), JSONMember("format", .string(row.format)),
        JSONMember("args", row.arguments.value),
        JSONMember("gpuType", row.gpuType.map { .string($0) } ?? .null),
        JSONMember("checkpoint", .string(checkpoint)), JSONMember("output", .string(output)),
        JSONMember("modelId", .string(row.model)), JSONMember("owner", .string(row.owner)),
        JSONMember("project", .string(row.projectSlug)),
        JSONMember("model", .string(row.modelSlug)),
      ]))
  }

  private enum Verdict: Sendable {
    case ended(WorkerEnding)
    case stopped
    case unwanted
    case timedOut
    case flooded
  }

  /// Waits for the exporter to end, and ends it if it must not go on.
  private func watch(_ worker: WorkerProcess, _ log: OutputTail) async -> Verdict {
    await withTaskGroup(of: Verdict.self) { group in
      group.addTask { .ended(await worker.ending()) }
      group.addTask { [exports, work, exporters] in
        let deadline = ContinuousClock.now + .seconds(exporters.limits.exportTimeout)
        while true {
          do { try await Task.sleep(for: Self.interval) } catch { return .stopped }
          if log.count > exporters.limits.exportOutput { return .flooded }
          if ContinuousClock.now > deadline { return .timedOut }
          // A database that is busy for a moment ends nothing.
          if (try? await exports.isWanted(work.row.id)) == false { return .unwanted }
        }
      }
      let first = await group.next() ?? .stopped
      worker.kill()
      group.cancelAll()
      // It may have written too much shortly before its end.
      if case .ended = first, log.count > exporters.limits.exportOutput { return .flooded }
      return first
    }
  }

  // MARK: The result

  /// Returns the file that the exporter has left, or an archive of several.
  private func result(in output: String) throws -> (path: String, name: String) {
    let all = try FileSystem.names(in: output, maximumEntries: 100_000)
      .filter { $0 != "\(slug).pt" && !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let suffix = ExportFormat(named: work.row.format)?.suffix
    let fitting = all.filter { name in suffix.map(name.hasSuffix) ?? false }
    // Exporters leave the files of steps in between, too.
    let names = fitting.isEmpty ? all : fitting
    guard let first = names.first else {
      throw Failure(message: "The exporter has left no file in its directory.")
    }
    let path = "\(output)/\(first)"
    let mode = FileSystem.status(of: path)?.st_mode ?? 0
    if names.count == 1, mode & S_IFMT == S_IFREG, !FileSystem.isLink(path) {
      let end = first.hasPrefix(slug) ? String(first.dropFirst(slug.count)) : "-\(first)"
      return (path, ObjectName.plain(slug + end))
    }
    let archive = "\(directory)/result.zip"
    let maximum = work.account.limits.storageBytes
    let count = try ExportArchive.write(
      names.map { "\(output)/\($0)" }, to: archive, maximumBytes: maximum)
    guard count > 0 else {
      throw Failure(message: "The exporter has left no file in its directory.")
    }
    let end = names.count == 1 && first.hasPrefix(slug) ? first.dropFirst(slug.count) : ""
    return (
      archive, ObjectName.plain("\(slug)\(end.isEmpty ? "_\(work.row.format)" : String(end)).zip")
    )
  }

  /// Writes a file into the store, piece by piece.
  private func stage(_ path: String) async throws -> StagedObject {
    let writer = try await exports.store.begin(for: work.account)
    var offset = 0
    while true {
      let position = offset
      let piece = try await onThread { try FileCopy.piece(of: path, at: position) }
      if piece.isEmpty { return try await writer.finish() }
      try await writer.append(piece)
      offset += piece.count
    }
  }
}

/// The end of what a program has written, and how much it was.
final class OutputTail: Sendable {
  private static let maximumLines = 12
  private static let maximumCharacters = 1500

  private struct State {
    var count = 0
    var splitter = LineSplitter(maximum: 500)
    var lines: [String] = []
  }

  private let state = Mutex(State())

  /// The bytes in all.
  var count: Int { state.withLock { $0.count } }

  func append(_ bytes: [UInt8]) {
    state.withLock { state in
      state.count += bytes.count
      // Of a piece only the end can be one of the last lines.
      let lines = state.splitter.append(Array(bytes.suffix(8192)))
      state.lines = Array((state.lines + lines).suffix(Self.maximumLines))
    }
  }

  /// The last lines as a message has them: nothing, or a space and the text.
  var excerpt: String {
    let lines = state.withLock { state in
      state.lines + [state.splitter.take()].compactMap(\.self)
    }
    let text = lines.suffix(Self.maximumLines).joined(separator: "\n")
    return text.isEmpty ? "" : " It wrote: \(text.suffix(Self.maximumCharacters))"
  }
}
#endif
