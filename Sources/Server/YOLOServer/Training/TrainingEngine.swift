#if Server
import JSONText
import YOLOSystem

/// What runs workers: processes of this machine, or jobs of a cluster.
protocol TrainingEngine: Sendable {
  /// Starts the worker of a job.
  ///
  /// - Throws: ``TrainingDelay`` if it may be tried again; anything else fails the job.
  func start(_ task: TrainingTask) async throws -> any TrainingWork
  /// Returns the worker that a server before this one has started; nil if it had not come so far.
  func find(_ job: String) async throws -> (any TrainingWork)?
  /// Starts a worker again that somebody has killed, from its last checkpoint; nil if that is not
  /// possible.
  func goOn(
    _ job: String, from work: any TrainingWork, key: () async throws -> String?, address: String
  ) async throws -> (any TrainingWork)?
  /// Ends what runs of jobs that are none any more.
  func sweep(keeping jobs: Set<String>) async
}

/// A worker of a job, wherever it runs.
protocol TrainingWork: Sendable {
  /// Returns how it is.
  func look() async throws -> TrainingWorkState
  /// Tells it to end, once.
  func terminate() async throws
  /// Ends it at once, for a reason that the job fails with; nil if it is cancelled.
  func end(_ reason: TrainingJobRepository.Ending?) async throws
  /// Removes what it has left.
  func remove() async
}

/// How a worker is.
enum TrainingWorkState: Sendable, Hashable {
  /// It runs.
  case running(TrainingWorkActivity)
  /// It has ended. `isSeen` tells whether this server knows when.
  case over(TrainingJobRepository.Ending, isSeen: Bool, description: String)
}

/// What is known of a worker that runs.
struct TrainingWorkActivity: Sendable, Hashable {
  /// Seconds since it has shown that it lives, beside its reports; nil if it shows nothing else.
  var quietSeconds: Int?
  /// Whether it writes more than any trainer does.
  var isFlooding = false
  /// What it waits for, as far as it is known.
  var waiting: String?
}

/// Why a worker could not be started now.
struct TrainingDelay: Error, Sendable, CustomStringConvertible {
  let description: String
}

/// What a worker is to do.
struct TrainingTask: Sendable {
  /// The identifier of the job.
  let job: String
  let model: String
  let owner: String
  let project: String
  let slug: String
  let device: String
  /// The arguments.
  let members: [JSONMember]
  /// What the worker reaches the server at.
  let address: String
  let key: String

  /// The job as JSON, without the key.
  var description: JSONValue {
    .object([
      JSONMember("id", .string(job)), JSONMember("modelId", .string(model)),
      JSONMember("owner", .string(owner)), JSONMember("project", .string(project)),
      JSONMember("model", .string(slug)), JSONMember("device", .string(device)),
      JSONMember("platformUrl", .string(address)), JSONMember("trainArgs", .object(members)),
    ])
  }
}

/// Runs workers as processes of this machine.
struct ProcessTrainingEngine: TrainingEngine {
  let options: TrainerOptions

  func start(_ task: TrainingTask) async throws -> any TrainingWork {
    try start(task.description, task.members, task.job, address: task.address, key: task.key)
  }

  private func start(
    _ description: JSONValue, _ members: [JSONMember], _ job: String, address: String, key: String,
    goesOn: Bool = false
  ) throws -> any TrainingWork {
    let directory = options.directory(of: job)
    var task = TrainingWorker.Task(
      command: options.command(TrainingArguments.words(members)), description: description,
      address: address, key: key)
    options.own?.prepare(&task, in: directory, members)
    let worker = TrainingWorker(job: job, directory: directory)
    try worker.start(task, goesOn: goesOn)
    return ProcessTrainingWork(worker: worker, isOwn: true)
  }

  func find(_ job: String) async throws -> (any TrainingWork)? {
    let worker = TrainingWorker(job: job, directory: options.directory(of: job))
    return worker.hasBegun ? ProcessTrainingWork(worker: worker, isOwn: false) : nil
  }

  func goOn(
    _ job: String, from work: any TrainingWork, key: () async throws -> String?, address: String
  ) async throws -> (any TrainingWork)? {
    guard options.own != nil, let work = work as? ProcessTrainingWork,
      let exit = work.worker.exit(isOwn: work.isOwn),
      let checkpoint = work.worker.checkpointToGoOnFrom(after: exit), let key = try await key()
    else { return nil }
    let members = [JSONMember("resume", .string(checkpoint))]
    return try start(
      .object([
        JSONMember("id", .string(job)), JSONMember("platformUrl", .string(address)),
        JSONMember("trainArgs", .object(members)),
      ]), members, job, address: address, key: key, goesOn: true)
  }

  func sweep(keeping jobs: Set<String>) async {
    for name in (try? FileSystem.names(in: options.directory)) ?? []
    where name.hasPrefix("job_") && !jobs.contains(name) {
      let worker = TrainingWorker(job: name, directory: options.directory(of: name))
      if worker.isAlive { worker.end(nil) }
      worker.removeFiles()
    }
  }
}

/// A worker that is a process of this machine.
struct ProcessTrainingWork: TrainingWork {
  let worker: TrainingWorker
  /// Whether the process is a child of this one.
  let isOwn: Bool

  func look() async throws -> TrainingWorkState {
    let isFlooding = worker.lookAtOutput()
    guard let exit = worker.exit(isOwn: isOwn) else {
      return .running(
        TrainingWorkActivity(quietSeconds: worker.quietSeconds, isFlooding: isFlooding))
    }
    worker.endRest()
    return .over(
      worker.ending(exit), isSeen: exit != .unknown,
      description: "\(exit) \(worker.lastLine ?? "")")
  }

  func terminate() async throws { worker.terminate() }

  func end(_ reason: TrainingJobRepository.Ending?) async throws { worker.end(reason) }

  func remove() async { worker.removeFiles() }
}
#endif
