import ArgumentParser
import YOLO
import YOLOImageIO
import YOLOModels
import YOLOOptions
import YOLOSystem
import YOLOVerification

/// `yolo verify`: tells whether a model gives what golden cases say.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Tells whether a model gives what golden cases say.",
    discussion: """
      Cases are made by yolo record, or from Ultralytics by Tools/golden_case.py. Options, \
      tolerances and the branch of a dual head (nms) are those of each case. Where a case has tensors, \
      the first module that diverges is named, in the order in which modules run.

      Ends with exit code 1 if some case does not agree; a case that cannot be read or run does not \
      keep the others from running, and ends in the code of its error.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
  }

  @Option(
    // The second name is the one of the first releases.
    name: [.long, .customLong("reference")], parsing: .upToNextOption,
    help: ArgumentHelp("Cases, or directories of cases.", valueName: "dir"))
  var cases: [String]

  @Option(
    name: .long, help: ArgumentHelp("Write the results as JUnit XML, too.", valueName: "file"))
  var junit: String?

  @Option(name: .long, help: "How the results are printed: text, json.")
  var format = Format.text

  @OptionGroup(title: "Output") var outputs: OutputArguments
  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  func run() throws {
    try reporting {
      guard runtime.nms == PredictOption.suppression.defaultValue else {
        throw ValidationError(
          "--no-\(PredictOption.suppression.flag) is not for verify: each case says which branch it is of"
        )
      }
      let path = try runtime.modelPath()
      let files = outputs.files
      if let junit { try files.check(junit) }
      let stamp = try ModelStamp(path: path)
      var models: [HeadBranch: Model] = [:]
      var outcomes: [VerificationOutcome] = []
      for root in cases {
        let start = ContinuousClock.now
        let directories: [String]
        do throws(VerificationError) {
          directories = try GoldenCase.directories(at: root)
        } catch {
          outcomes.append(
            VerificationOutcome(
              path: root, result: .failure(error), seconds: start.secondsToNow,
              hasSameCheckpoint: nil))
          continue
        }
        for directory in directories {
          let start = ContinuousClock.now
          var recorded: ModelStamp?
          let result = Result { () throws(VerificationError) in
            let goldenCase = try GoldenCase(contentsOf: directory)
            recorded = goldenCase.model
            return try Verification(
              try model(for: goldenCase.branch, &models), on: goldenCase)
          }
          outcomes.append(
            VerificationOutcome(
              path: directory, result: result, seconds: start.secondsToNow,
              hasSameCheckpoint: recorded?.describesSameContent(as: stamp)))
        }
      }
      let report = VerifyReport(outcomes, model: stamp.file)
      switch format {
      case .text: StandardOutput.write(report.text)
      case .json: StandardOutput.write(report.json)
      }
      if let junit {
        let xml = JUnitReport(
          outcomes, model: stamp.file, timestamp: Self.timestamp, host: Self.host
        ).xml
        try files.write(xml, to: junit)
      }
      var failure: ExitCode?
      for error in outcomes.compactMap(\.error) { failure = ExitStatus.report(error) }
      if let failure { throw failure }
      guard outcomes.allSatisfy({ $0.verification?.agrees ?? false }) else { throw ExitCode(1) }
    }
  }

  /// Returns the model that runs a branch, opened once.
  private func model(
    for branch: HeadBranch, _ models: inout [HeadBranch: Model]
  ) throws(VerificationError) -> Model {
    if let model = models[branch] { return model }
    do {
      let model = try runtime.open(branch: branch)
      models[branch] = model
      return model
    } catch let error as YOLOError {
      throw .model(error)
    } catch {
      throw .model(YOLOError(.option, "\(error)"))
    }
  }

  /// The time in UTC, to the second.
  private static var timestamp: String {
    var now = time(nil)
    var parts = tm()
    gmtime_r(&now, &parts)
    func digits(_ value: Int32, _ count: Int) -> String {
      let text = "\(value)"
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    let date = [
      digits(parts.tm_year + 1900, 4), digits(parts.tm_mon + 1, 2), digits(parts.tm_mday, 2),
    ]
    let time = [digits(parts.tm_hour, 2), digits(parts.tm_min, 2), digits(parts.tm_sec, 2)]
    return date.joined(separator: "-") + "T" + time.joined(separator: ":")
  }

  /// The name of this machine.
  private static var host: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    let name = String(
      decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return name.isEmpty ? "localhost" : name
  }
}

extension ContinuousClock.Instant {
  /// The seconds since then.
  fileprivate var secondsToNow: Double {
    let (seconds, attoseconds) = duration(to: .now).components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
