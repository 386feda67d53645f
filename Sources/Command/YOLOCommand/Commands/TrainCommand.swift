import ArgumentParser
import Synchronization
import YOLOGeometry
import YOLOKernels
import YOLOMetrics
import YOLOSystem
import YOLOTraining

/// `yolo train`: trains a network on a dataset.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a network on a dataset.",
    usage: "yolo train model=yolov8n.pt data=data.yaml [epochs=100] [imgsz=640] …",
    discussion: """
      Arguments are those of Ultralytics' trainer, as name=value or --name value; yolo train --help \
      lists all of them. Besides: --format json prints a line of JSON for each event, --threads N is \
      the number of threads. The run's directory is printed at the end.
      An interrupt ends the training; weights/last.pt then has the last epoch that was finished.
      With ULTRALYTICS_PLATFORM_URL and ULTRALYTICS_API_KEY in the environment, \
      data=ul://owner/datasets/slug and model=ul://owner/project/model are fetched from that \
      Platform, and project=owner/project reports the training to it.
      """)

  @Argument(parsing: .captureForPassthrough, help: "Arguments of the training: name=value.")
  var arguments: [String] = []

  func run() throws {
    try reporting {
      var own = OwnArguments()
      let rest = try own.take(from: arguments)
      if rest.contains(where: { ["-h", "--help", "-help"].contains($0) }) {
        StandardOutput.write(Self.helpMessage() + "\n" + TrainOptions.documentation)
        return
      }
      let options = try TrainOptions(arguments: rest)
      let interrupt = InterruptFlag()
      var display = TrainingDisplay(isJSON: own.isJSON, isVerbose: options.isVerbose)
      let platform = try PlatformLink(options, command: rest)
      let (isInterrupted, isEnded) = (interrupt.isSet, platform.cancellationCheck)
      do {
        let local = try platform.begin(unless: isInterrupted)
        _ = try Trainer(local, threads: own.threads).run(
          isCancelled: { isInterrupted() || isEnded() }
        ) { update in
          try display.show(update)
          display.say(platform.take(update))
        }
        display.say(platform.finish(unless: isInterrupted))
      } catch {
        display.fail(error)
        display.say(platform.fail(error, unless: isInterrupted))
        if PlatformLink.isInterruption(error) {
          display.clear()
          StandardError.write("\(error)\n")
          throw ExitCode(130)
        }
        throw error
      }
    }
  }
}

/// Whether the process was asked to end; asked again, it ends at once.
private struct InterruptFlag {
  private let state: State
  private let signal: InterruptSignal

  private final class State: Sendable {
    let isSet = Atomic<Bool>(false)
  }

  /// Begins to watch.
  init() {
    let state = State()
    self.state = state
    signal = InterruptSignal { state.isSet.store(true, ordering: .relaxed) }
  }

  /// Whether the process was asked to end, as a function of any thread.
  var isSet: @Sendable () -> Bool {
    { [state] in state.isSet.load(ordering: .relaxed) }
  }
}

/// What the command has beside the arguments of a training.
private struct OwnArguments {
  var isJSON = false
  var threads = Processors.usable

  /// Removes `--format` and `--threads` from a command line.
  mutating func take(from arguments: [String]) throws -> [String] {
    var rest = [String]()
    var index = 0
    func value(of name: String) throws -> String? {
      let text = arguments[index]
      if text == name {
        guard index + 1 < arguments.count else {
          throw ValidationError("\(name) needs a value.")
        }
        index += 1
        return arguments[index]
      }
      return text.hasPrefix(name + "=") ? String(text.dropFirst(name.count + 1)) : nil
    }
    while index < arguments.count {
      if let format = try value(of: "--format") {
        guard ["text", "json"].contains(format) else {
          throw ValidationError("--format is text or json, not \(format.excerpt()).")
        }
        isJSON = format == "json"
      } else if let text = try value(of: "--threads") {
        guard let count = Int(text), 1...256 ~= count else {
          throw ValidationError("--threads is a number from 1 to 256, not \(text.excerpt()).")
        }
        threads = count
      } else {
        rest.append(arguments[index])
      }
      index += 1
    }
    return rest
  }
}

/// Shows a training: on a terminal a line that is refreshed, elsewhere a line an epoch.
private struct TrainingDisplay {
  let isJSON: Bool
  let isVerbose: Bool
  private var console: TrainingConsole?
  private var task = VisionTask.detect
  private var start = ContinuousClock.now
  private var epoch = 0
  private var isDirty = false
  private var evaluated: (names: [String], report: EvaluationReport)?

  init(isJSON: Bool, isVerbose: Bool) {
    self.isJSON = isJSON
    self.isVerbose = isVerbose
  }

  mutating func show(_ update: TrainingUpdate) throws {
    switch update {
    case .event(let event): show(event)
    case .batch(let batch): show(batch)
    case .evaluation(let done, let total):
      guard !isJSON, StandardError.isTerminal else { return }
      StandardError.write("\r\u{1B}[K\(done)/\(total)")
      isDirty = true
    case .evaluated(let names, let report, _):
      guard !isJSON, let console, let report else { return }
      clear()
      StandardError.write(console.evaluationHeader)
      StandardError.write(console.evaluationRow(report))
      evaluated = (names, report)
    }
  }

  private mutating func show(_ event: TrainingEvent) {
    if isJSON {
      StandardOutput.write(event.json)
      return
    }
    clear()
    switch event {
    case .started(let start):
      task = VisionTask(rawValue: start.task) ?? .detect
      StandardError.write(
        TrainingConsole.beginning(start) + "Writing to \(start.directory)\n")
    case .warning(let message): StandardError.write("warning: \(message.sanitized())\n")
    case .completed(let epochs, let seconds, let directory, _, _, let reason):
      showClasses()
      StandardError.write(TrainingConsole.completion(epochs: epochs, seconds: seconds))
      if reason != .epochs { StandardError.write("It ended early: \(reason.rawValue).\n") }
      StandardOutput.write("\(directory)\n")
    case .progress, .epoch, .checkpoint, .cancelled, .failed: break
    }
  }

  /// Shows the figures of each class of the last evaluation.
  private func showClasses() {
    guard let console, let (names, report) = evaluated, isVerbose else { return }
    for (index, figures) in report.boxes.classes.enumerated() {
      let details = report.details.map {
        $0.classes.indices.contains(index) ? $0.classes[index] : figures
      }
      StandardError.write(
        console.evaluationRow(
          names.indices.contains(figures.classIndex)
            ? names[figures.classIndex] : "\(figures.classIndex)",
          images: figures.images, instances: figures.instances,
          figures: [figures, details].compactMap { $0 }.flatMap {
            [$0.precision, $0.recall, $0.averagePrecision50, $0.averagePrecision]
          }))
    }
  }

  private mutating func show(_ batch: BatchProgress) {
    if isJSON {
      StandardOutput.write(
        TrainingEvent.progress(
          epoch: batch.epoch, epochs: batch.epochs, batch: batch.batch, batches: batch.batches,
          losses: batch.losses
        ).json)
      return
    }
    if console == nil {
      console = TrainingConsole(task: task, lossNames: batch.losses.map(\.name))
    }
    guard let console else { return }
    if batch.epoch != epoch {
      epoch = batch.epoch
      start = .now
      clear()
      StandardError.write(console.header)
    }
    let isLast = batch.batch == batch.batches
    guard StandardError.isTerminal || isLast else { return }
    let duration = (ContinuousClock.now - start).components
    let line = console.progress(
      epoch: batch.epoch, epochs: batch.epochs, losses: batch.losses.map(\.value),
      instances: batch.instances, side: batch.imageSize, batch: batch.batch,
      batches: batch.batches,
      seconds: Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
    StandardError.write(StandardError.isTerminal ? "\r\u{1B}[K\(line)" : "\(line)\n")
    isDirty = StandardError.isTerminal
    if isLast, isDirty {
      StandardError.write("\n")
      isDirty = false
    }
  }

  /// Tells machines that the training has failed.
  func fail(_ error: any Error) {
    guard isJSON else { return }
    let message = "\(error)".sanitized()
    if case TrainingError.interrupted(let epoch) = error {
      StandardOutput.write(TrainingEvent.cancelled(epoch: epoch, message: message).json)
    } else {
      StandardOutput.write(TrainingEvent.failed(epoch: epoch, message: message).json)
    }
  }

  /// Shows what is beside the training, on standard error.
  mutating func say(_ messages: [String]) {
    guard !messages.isEmpty else { return }
    clear()
    for message in messages { StandardError.write("\(message.sanitized())\n") }
  }

  mutating func clear() {
    guard isDirty else { return }
    StandardError.write("\r\u{1B}[K")
    isDirty = false
  }
}
