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
  /// What runs workers; nil if there is no trainer.
  let engine: (any TrainingEngine)?
  /// The directory of the workers, and of the lock that one server has.
  private let directory: String
  /// Seconds from the end of a training until its worker is told to end, and from there until it is
  /// ended.
  private let grace: (terminate: Int, kill: Int)
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
  /// The time after which a worker is tried again that could not be started.
  private static let delay = Duration.seconds(10)

  /// - Throws: ``ClusterError`` if workers are to run in a cluster, and a setting or a file is
  ///   missing.
  init(platform: Platform, settings: ServerSettings, logger: Logger) throws(ClusterError) {
    let clock: @Sendable () -> Int = SystemTime.now
    let events = platform.webhooks.events
    jobs = TrainingJobRepository(database: platform.database, clock: clock, events: events)
    trainings = TrainingRepository(store: platform.store, clock: clock, events: events)
    devices = TrainingDevices(settings.trainingDevices)
    silence = settings.trainingSilence
    grace = (settings.trainerGrace, settings.trainerKill)
    let data = platform.database.directory
    let root =
      data.hasPrefix("/") ? data : FilePath.joined(FileManager.default.currentDirectoryPath, data)
    directory = FilePath.joined(root, "training")
    let own = OwnTrainer(settings)
    engine =
      switch TrainerChoice(settings.trainer) {
      case .own:
        ProcessTrainingEngine(
          options: TrainerOptions(words: own.words(devices), own: own, directory: directory))
      case .command(let words):
        ProcessTrainingEngine(
          options: TrainerOptions(words: words, own: nil, directory: directory))
      case .kubernetes:
        try ClusterTrainingEngine(
          settings: settings, outbound: platform.outbound,
          environment: ProcessInfo.processInfo.environment)
      case .none: nil
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
      var watched: [String: any TrainingWork] = [:]
      var lock: ProcessLock?
      var pause = ContinuousClock.now
      while !Task.isCancelled {
        do {
          let count = try await trainings.failSilent(after: silence)
          if count > 0 { logger.warning("trainings have stalled", metadata: ["count": "\(count)"]) }
          if let engine, let address = address.text {
            if lock == nil {
              lock = try takeLock()
              if lock != nil {
                do {
                  watched = try await recover(engine)
                } catch {
                  lock = nil
                  throw error
                }
              }
            }
            if lock != nil {
              for (job, work) in watched {
                watched[job] = try await look(job, work, engine, address)
              }
              while watched.count < devices.slots.count, ContinuousClock.now >= pause,
                try await jobs.hasWaiting(), let work = try await jobs.claim(devices)
              {
                do {
                  watched[work.job.id] = try await begin(work, engine, address)
                } catch let error as TrainingDelay {
                  logger.error(
                    "a trainer cannot be started now; it is tried again: \(error)",
                    metadata: ["job": "\(work.job.id)"])
                  try await jobs.requeue(work.job)
                  pause = .now + Self.delay
                }
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

  private func takeLock() throws -> ProcessLock? {
    if !FileSystem.isDirectory(directory) {
      try FileSystem.makeDirectories(directory, mode: 0o700)
    }
    return try ProcessLock("\(directory)/lock")
  }

  /// Finds the workers of a server that has ended, and puts the jobs back that had none.
  private func recover(_ engine: any TrainingEngine) async throws -> [String: any TrainingWork] {
    var watched: [String: any TrainingWork] = [:]
    for job in try await jobs.running() {
      if let work = try await engine.find(job.id) {
        logger.notice(
          "found a job of a server that has ended", metadata: ["job": "\(job.id)"])
        watched[job.id] = work
      } else {
        try await jobs.requeue(job)
      }
    }
    try await jobs.removeOldKeys()
    await engine.sweep(keeping: Set(watched.keys))
    return watched
  }

  private func begin(
    _ work: TrainingJobRepository.Work, _ engine: any TrainingEngine, _ address: String
  ) async throws -> (any TrainingWork)? {
    let job = work.job
    let members =
      (job.arguments.value.members ?? []) + [
        JSONMember("project", .string("\(work.owner)/\(work.projectSlug)")),
        JSONMember("name", .string(work.slug)), JSONMember("device", .string(work.slot.argument)),
      ]
    let task = TrainingTask(
      job: job.id, model: job.model, owner: work.owner, project: work.projectSlug,
      slug: work.slug, device: job.device, members: members, address: address, key: work.key)
    do {
      let started = try await engine.start(task)
      logger.info(
        "a training has begun", metadata: ["job": "\(job.id)", "model": "\(job.model)"])
      return started
    } catch let error as TrainingDelay {
      throw error
    } catch {
      logger.error("a trainer cannot be started: \(error)", metadata: ["job": "\(job.id)"])
      _ = try await jobs.finish(
        job.id, .failed("The trainer could not be started.", code: "TRAINER_NOT_STARTED"))
      return nil
    }
  }

  /// Looks at a worker; returns what is to be watched from then on, nil if its job is over.
  private func look(
    _ job: String, _ work: any TrainingWork, _ engine: any TrainingEngine, _ address: String
  ) async throws -> (any TrainingWork)? {
    let progress = try await jobs.progress(of: job)
    let state: TrainingWorkState
    do {
      // The model is gone, and the job with it.
      if progress == nil { try await work.end(nil) }
      state = try await work.look()
    } catch let error as ClusterError {
      logger.error("the cluster cannot be asked: \(error)", metadata: ["job": "\(job)"])
      return work
    }
    guard let progress else {
      guard case .over = state else { return work }
      try await jobs.removeOldKeys()
      await work.remove()
      return nil
    }
    switch state {
    case .over(let ending, let isSeen, let description):
      if progress.cancelled == nil, progress.isActive,
        let next = try await engine.goOn(
          job, from: work, key: { try await jobs.renewKey(of: job) }, address: address)
      {
        logger.warning(
          "a trainer was killed; its training goes on from its last checkpoint",
          metadata: ["job": "\(job)", "exit": "\(description)"])
        return next
      }
      // Of one that ended while there was no server it is known when it was heard of last.
      let status = try await jobs.finish(job, ending, at: isSeen ? nil : progress.lastHeard)
      logger.info(
        "a training is over",
        metadata: [
          "job": "\(job)", "status": "\(status?.rawValue ?? "")", "exit": "\(description)",
        ])
      await work.remove()
      return nil
    case .running(let activity):
      do {
        try await watch(work, activity, progress)
      } catch let error as ClusterError {
        logger.error("the cluster cannot be asked: \(error)", metadata: ["job": "\(job)"])
      }
      return work
    }
  }

  /// Ends a worker that is cancelled, silent, or writes too much.
  private func watch(
    _ work: any TrainingWork, _ activity: TrainingWorkActivity,
    _ progress: TrainingJobRepository.Progress
  ) async throws {
    let now = jobs.clock()
    if let cancelled = progress.cancelled {
      if now - cancelled >= grace.terminate + grace.kill {
        try await work.end(nil)
      } else if now - cancelled >= grace.terminate {
        try await work.terminate()
      }
    }
    if activity.isFlooding {
      try await work.end(
        .failed("The trainer wrote too much to its output.", code: "OUTPUT_LIMIT"))
    } else if min(now - progress.lastHeard, activity.quietSeconds ?? .max) > silence {
      let waiting = activity.waiting.map { " It waits: \($0)" } ?? ""
      try await work.end(
        .failed(
          "Nothing was heard of the trainer for \(silence) seconds.\(waiting)",
          code: TrainingFailure.stalled))
    }
  }
}
#endif
