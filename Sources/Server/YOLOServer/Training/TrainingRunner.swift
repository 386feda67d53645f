#if Server
import Foundation
import JSONText
import Logging
import ServiceLifecycle
import Synchronization
import YOLOServerOptions
import YOLOSystem

/// The address that workers reach this server at, once it listens.
final class WorkerAddress: Sendable {
  private let value = Mutex<String?>(nil)

  /// The address; nil until the server listens.
  var text: String? { value.withLock { $0 } }

  /// Notes the address.
  func set(_ text: String) { value.withLock { $0 = text } }
}

/// Lets trainings fail of which nothing is heard, and has workers do the jobs of the queue.
///
/// Of several servers on one database one has the workers. They go on when it ends; the next one
/// finds them.
struct TrainingRunner: Service {
  let jobs: TrainingJobRepository
  let trainings: TrainingRepository
  let devices: TrainingDevices
  /// How workers are started; nil if there is no trainer.
  let options: TrainerOptions?
  /// Seconds after which a training fails of which nothing is heard.
  let silence: Int
  let logger: Logger
  /// Wakes the runner when there is a job, or less of one.
  let signal: WakeSignal
  let address: WorkerAddress

  /// The time between two looks at the workers.
  private static let interval = Duration.milliseconds(200)
  /// The time after which jobs of other processes are looked for.
  private static let idleInterval = Duration.seconds(5)

  /// A worker that is watched.
  private struct Watched: Sendable {
    let worker: TrainingWorker
    /// Whether the process is a child of this one.
    let isOwn: Bool
  }

  init(platform: Platform, settings: ServerSettings, logger: Logger) {
    let clock: @Sendable () -> Int = SystemTime.now
    let events = platform.webhooks.events
    jobs = TrainingJobRepository(database: platform.database, clock: clock, events: events)
    trainings = TrainingRepository(store: platform.store, clock: clock, events: events)
    devices = TrainingDevices(settings.trainingDevices)
    silence = settings.trainingSilence
    let data = platform.database.directory
    let root =
      data.hasPrefix("/") ? data : FilePath.joined(FileManager.default.currentDirectoryPath, data)
    options = settings.trainer.flatMap(CommandWords.split).map { words in
      TrainerOptions(
        words: words, directory: FilePath.joined(root, "training"), grace: settings.trainerGrace,
        kill: settings.trainerKill, silence: settings.trainingSilence)
    }
    self.logger = logger
    signal = WakeSignal()
    address = WorkerAddress()
  }

  /// Notes where workers reach the server: at its public address, or else on this machine.
  func listens(on port: Int, host: String, _ settings: ServerSettings) {
    let isAnywhere = ["0.0.0.0", "::", "localhost"].contains(host)
    let name = isAnywhere ? "127.0.0.1" : host.contains(":") ? "[\(host)]" : host
    address.set(settings.publicURL ?? "http://\(name):\(port)")
    signal.send()
  }

  func run() async {
    await cancelWhenGracefulShutdown {
      var watched: [String: Watched] = [:]
      var lock: FileLock?
      while !Task.isCancelled {
        do {
          let count = try await trainings.failSilent(after: silence)
          if count > 0 { logger.warning("trainings have stalled", metadata: ["count": "\(count)"]) }
          if let options, let address = address.text {
            if lock == nil {
              lock = try takeLock(options)
              if lock != nil { watched = try await recover(options) }
            }
            if lock != nil {
              for (job, worker) in watched {
                if try await isOver(job, worker, options) { watched[job] = nil }
              }
              while watched.count < devices.slots.count, try await jobs.hasWaiting(),
                let work = try await jobs.claim(devices)
              {
                watched[work.job.id] = try await begin(work, options, address)
              }
            }
          }
        } catch {
          logger.error("the queue of trainings cannot go on; it is tried again: \(error)")
        }
        await signal.wait(for: watched.isEmpty ? Self.idleInterval : Self.interval)
      }
    }
  }

  private func takeLock(_ options: TrainerOptions) throws -> FileLock? {
    if !FileSystem.isDirectory(options.directory) {
      try FileSystem.makeDirectories(options.directory, mode: 0o700)
    }
    return try FileLock("\(options.directory)/lock")
  }

  /// Finds the workers of a server that has ended, and puts the jobs back that had none.
  private func recover(_ options: TrainerOptions) async throws -> [String: Watched] {
    var watched: [String: Watched] = [:]
    for job in try await jobs.running() {
      let worker = TrainingWorker(job: job.id, directory: options.directory(of: job.id))
      if worker.hasBegun {
        logger.notice(
          "found a job of a server that has ended",
          metadata: ["job": "\(job.id)", "isRunning": "\(worker.isAlive)"])
        watched[job.id] = Watched(worker: worker, isOwn: false)
      } else {
        try await jobs.requeue(job)
      }
    }
    try await jobs.removeOldKeys()
    for name in (try? FileSystem.names(in: options.directory)) ?? []
    where name.hasPrefix("job_") && watched[name] == nil {
      let worker = TrainingWorker(job: name, directory: options.directory(of: name))
      if worker.isAlive { worker.end(nil) }
      worker.removeFiles()
    }
    return watched
  }

  private func begin(
    _ work: TrainingJobRepository.Work, _ options: TrainerOptions, _ address: String
  ) async throws -> Watched? {
    let job = work.job
    let members =
      (job.arguments.value.members ?? []) + [
        JSONMember("project", .string("\(work.owner)/\(work.projectSlug)")),
        JSONMember("name", .string(work.slug)), JSONMember("device", .string(work.slot.argument)),
      ]
    let task = TrainingWorker.Task(
      command: options.command(TrainingArguments.words(members)),
      description: .object([
        JSONMember("id", .string(job.id)), JSONMember("modelId", .string(job.model)),
        JSONMember("owner", .string(work.owner)), JSONMember("project", .string(work.projectSlug)),
        JSONMember("model", .string(work.slug)), JSONMember("device", .string(job.device)),
        JSONMember("platformUrl", .string(address)), JSONMember("trainArgs", .object(members)),
      ]), address: address, key: work.key)
    let worker = TrainingWorker(job: job.id, directory: options.directory(of: job.id))
    do {
      try worker.start(task)
    } catch {
      logger.error("a trainer cannot be started: \(error)", metadata: ["job": "\(job.id)"])
      _ = try await jobs.finish(
        job.id, .failed("The trainer could not be started.", code: "TRAINER_NOT_STARTED"))
      return nil
    }
    logger.info("a training has begun", metadata: ["job": "\(job.id)", "model": "\(job.model)"])
    return Watched(worker: worker, isOwn: true)
  }

  /// Looks at a worker; returns whether its job is over.
  private func isOver(
    _ job: String, _ watched: Watched, _ options: TrainerOptions
  ) async throws -> Bool {
    let worker = watched.worker
    guard let progress = try await jobs.progress(of: job) else {
      // The model is gone, and the job with it.
      worker.end(nil)
      guard watched.worker.exit(isOwn: watched.isOwn) != nil else { return false }
      try await jobs.removeOldKeys()
      worker.removeFiles()
      return true
    }
    let isFlooding = worker.lookAtOutput()
    if let exit = worker.exit(isOwn: watched.isOwn) {
      worker.endRest()
      let ending = worker.ending(exit)
      // Of one that ended while there was no server it is known when it was heard of last.
      let status = try await jobs.finish(
        job, ending, at: exit == .unknown ? progress.lastHeard : nil)
      logger.info(
        "a training is over",
        metadata: [
          "job": "\(job)", "status": "\(status?.rawValue ?? "")", "exit": "\(exit)",
          "output": "\(worker.lastLine ?? "")",
        ])
      worker.removeFiles()
      return true
    }
    let now = jobs.clock()
    if let cancelled = progress.cancelled {
      if now - cancelled >= options.grace + options.kill {
        worker.end(nil)
      } else if now - cancelled >= options.grace {
        worker.terminate()
      }
    }
    if isFlooding {
      worker.end(
        .failed("The trainer wrote too much to its output.", code: "OUTPUT_LIMIT"))
    } else if min(now - progress.lastHeard, worker.quietSeconds) > options.silence {
      worker.end(
        .failed(
          "Nothing was heard of the trainer for \(options.silence) seconds.",
          code: TrainingFailure.stalled))
    }
    return false
  }
}

/// A file that is locked as long as this has it.
private final class FileLock: Sendable {
  private let descriptor: Int32

  /// Creates and locks the file; nil if another process has it.
  init?(_ path: String) throws(FileError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
#endif
