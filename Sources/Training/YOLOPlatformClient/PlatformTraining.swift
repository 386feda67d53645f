#if Server
import JSONText
import YOLOGeometry
import YOLOMetrics
import YOLOOutbound
import YOLOSystem
public import YOLOTraining
import YOLOWeights

/// What a training has to do with a Platform: where its dataset and weights come from, and whom it
/// is reported to.
///
///     let platform = try PlatformTraining(options, environment: variables, command: words, version: v)
///     let local = try platform.begin(unless: { false }) { print($0) }
///     let outcome = try Trainer(local, threads: 2).run(isCancelled: platform.cancellationCheck) { update in
///       for message in platform.take(update) { print(message) }
///     }
///     for message in platform.finish(unless: { false }) { print(message) }
///
/// Only what ``cancellationCheck`` returns may be used on several threads.
public final class PlatformTraining {
  /// The arguments that may be addresses of a Platform.
  private static let addressed: [TrainArgument] = [.model, .data, .pretrained]
  /// The time between two reports of progress within an epoch.
  static let progressInterval = Duration.seconds(5)

  let given: TrainOptions
  let access: PlatformAccess?
  let calls: PlatformCalls?
  let reporter: TrainingReporter?
  let command: [String]
  let version: String
  /// The addresses of the arguments, by their names.
  var run = PlatformRun()
  var notes: [String] = []

  var console = ConsoleTranscript()
  var usage = MachineUsage()
  var directory: RunDirectory?
  var parameters = 0
  var isFirstEpoch = true
  var last: EpochRecord?
  var best: EpochRecord?
  var classNames: [String] = []
  var plots: JSONValue?
  var completion: [NamedValue]?
  var progressed = ContinuousClock.now
  var uploaded = ContinuousClock.now

  /// Looks at what the arguments and the environment ask for; nothing is sent yet.
  ///
  /// - Parameters:
  ///   - options: The arguments of the training.
  ///   - environment: The variables of the environment, see ``PlatformAccess``.
  ///   - command: The command line, which the Platform is told.
  ///   - version: The version of the program.
  /// - Throws: ``PlatformClientError`` for addresses of a Platform that the environment does not
  ///   name, and for what is no address.
  public init(
    _ options: TrainOptions, environment: [String: String], command: [String], version: String
  ) throws(PlatformClientError) {
    given = options
    self.command = command
    self.version = version
    access = try PlatformAccess(environment: environment)
    for argument in Self.addressed {
      guard let text = options[argument].text, PlatformResource.isAddress(text) else { continue }
      guard access != nil else {
        throw .argument(
          argument.rawValue, given: text,
          reason: "name the Platform by \(PlatformAccess.originVariable), and your key by "
            + PlatformAccess.keyVariable)
      }
      let resource: PlatformResource =
        argument == .data
        ? try .dataset(text, argument: argument.rawValue)
        : try .model(text, argument: argument.rawValue)
      run.addresses[argument.rawValue] = resource.address
    }
    guard let access else {
      if environment[PlatformAccess.keyVariable]?.isEmpty == false, options.project != nil {
        notes.append(
          "\(PlatformAccess.keyVariable) is set, but \(PlatformAccess.originVariable) is not: the "
            + "training is not reported")
      }
      (calls, reporter) = (nil, nil)
      return
    }
    calls = PlatformCalls(access: access, outbound: OutboundClient())
    let isResumed = options.resume != .no
    if isResumed, let kept = Self.resumedRun(options) {
      run.addresses.merge(kept.addresses) { own, _ in own }
      (run.model, run.project, run.name) = (kept.model, kept.project, kept.name)
      run.epochs = kept.epochs
    }
    if run.model == nil, run.project == nil, let project = options.project {
      run.project = Self.project(project)
      let name = PlatformResource.slug(options.name ?? "train")
      run.name = name.isEmpty ? "train" : name
    }
    guard run.model != nil || run.project != nil else {
      reporter = nil
      return
    }
    guard access.key != nil else {
      notes.append(
        "the training is not reported to \(access.origin): \(PlatformAccess.keyVariable) is not set"
      )
      reporter = nil
      return
    }
    var described = options
    if isResumed, let path = Self.runDirectory(options) {
      // What was trained; whatever of it cannot be read is told by the training itself.
      let file = RunDirectory(existing: path).arguments
      if let bytes = UnrecordedFile.bytes(file) { try? described.read(yaml: bytes, path: file) }
    }
    reporter = TrainingReporter(
      calls: PlatformCalls(access: access, outbound: OutboundClient()),
      identity: .init(model: run.model, project: run.project, name: run.name),
      start: StartReport.data(
        described, addresses: run.addresses, task: described.task ?? Self.task(of: described),
        command: command, version: version))
  }

  /// The project as the Platform is told: an owner and a slug, or a slug alone.
  static func project(_ text: String) -> String {
    let parts = text.split(separator: "/").map(String.init)
    guard parts.count > 1 else { return PlatformResource.slug(text) }
    let slug = PlatformResource.slug(parts.dropFirst().joined(separator: "-"))
    return "\(parts[0])/\(slug.isEmpty ? "project" : slug)"
  }

  /// The directory of the run that goes on; nil if the checkpoint lies in none.
  private static func runDirectory(_ options: TrainOptions) -> String? {
    let path: String? =
      switch options.resume {
      case .no: nil
      case .yes: options.model
      case .file(let path): path
      }
    guard let path else { return nil }
    let weights = FilePath.directory(of: path)
    guard FilePath.name(of: weights) == "weights" else { return nil }
    let directory = FilePath.directory(of: weights)
    return directory.isEmpty ? "." : directory
  }

  private static func resumedRun(_ options: TrainOptions) -> PlatformRun? {
    runDirectory(options).flatMap { PlatformRun(directory: $0) }
  }

  /// The task of the network that is trained, where its file is here already.
  private static func task(of options: TrainOptions) -> String? {
    guard let model = options.model, model.hasSuffix(".pt"), FileSystem.exists(model) else {
      return nil
    }
    return (try? TrainingNetwork.open(path: model))?.checkpoint.task?.rawValue
  }

  // MARK: Start

  /// Reports that the training begins, and fetches what it needs.
  ///
  /// - Parameters:
  ///   - isCancelled: Asked whether the user has had enough.
  ///   - show: Told what goes on.
  /// - Returns: The arguments with paths in place of addresses.
  /// - Throws: ``PlatformClientError``; whatever was begun is then to be ended by ``fail(_:unless:)``.
  public func begin(
    unless isCancelled: @Sendable () -> Bool, show: @escaping @Sendable (String) -> Void
  ) throws(PlatformClientError) -> TrainOptions {
    for note in notes { show("warning: \(note)") }
    notes = []
    guard let calls else { return given }
    var options = given
    func fetched(
      _ argument: TrainArgument,
      _ body: @escaping @Sendable (PlatformResource) async throws(PlatformClientError) -> String
    ) throws(PlatformClientError) {
      guard let text = options[argument].text, PlatformResource.isAddress(text) else { return }
      let resource: PlatformResource =
        argument == .data
        ? try .dataset(text, argument: argument.rawValue)
        : try .model(text, argument: argument.rawValue)
      let result = Blocking.run(unless: isCancelled) {
        () async -> Result<String, PlatformClientError> in
        do throws(PlatformClientError) {
          return .success(try await body(resource))
        } catch {
          return .failure(error)
        }
      }
      let path = try result.get()
      do throws(TrainOptionError) {
        try options.set(argument, .text(path))
      } catch {
        throw .argument(argument.rawValue, given: path, reason: "\(error)")
      }
    }
    let models = ModelDownload(calls: calls)
    for argument in [TrainArgument.model, .pretrained] {
      try fetched(argument) { (resource) throws(PlatformClientError) in
        try await models.path(of: resource, show: show)
      }
    }
    if let reporter {
      reporter.begin(unless: isCancelled)
      for message in reporter.takeMessages() { show(message) }
      if isCancelled() { throw .interrupted }
      if let reason = reporter.cancellation { throw .cancelled(reason) }
    }
    let datasets = DatasetDownload(calls: calls)
    try fetched(.data) { (resource) throws(PlatformClientError) in
      try await datasets.path(of: resource, show: show)
    }
    uploaded = .now
    return options
  }

  /// Returns what tells whether the Platform wants the training to end, for any thread.
  public var cancellationCheck: @Sendable () -> Bool {
    { [reporter] in reporter?.cancellation != nil }
  }

  /// Why the Platform wants it to end; nil if it does not.
  public var cancellation: String? { reporter?.cancellation }
}
#endif
