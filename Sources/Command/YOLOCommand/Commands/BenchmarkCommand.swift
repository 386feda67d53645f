import ArgumentParser
import JSONText
import YOLO
import YOLOGraph
import YOLOImage
import YOLOImageIO
import YOLOInspection
import YOLOKernels
import YOLOOptions
import YOLOPostprocess
import YOLOSystem
import YOLOTensor

/// `yolo benchmark`: measures a model on this machine.
struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark", abstract: "Measures a model on this machine.")

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
  }

  @Option(name: .long, help: "An image; noise if not given.")
  var source: String?

  @OptionGroup var inputSize: SettingArguments<InputSizeOptions>

  @Option(name: .long, help: "Measured runs, 1 to 100000.")
  var runs = 50

  @Option(name: .long, help: "Predictions at once, of --threads each and --runs each, 1 to 256.")
  var sessions = 1

  @Flag(
    name: .long,
    help:
      "Also measure a file's bytes to the JSON of its prediction, the input as yolo predict makes it."
  )
  var endToEnd = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Show where the time goes, a row a step, on standard error, and write it to a file: a chart "
        + "(.svg) or numbers (.json); - for no file.",
      valueName: "file"))
  var profile: String?

  @Flag(
    name: .long,
    help: "Rank the kernels that can compute each convolution instead; * is the planner's pick.")
  var kernels = false

  @Option(name: .long, help: "How results are printed: text, json.")
  var format = Format.text

  @OptionGroup(title: "Output") var outputs: OutputArguments
  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  func run() throws {
    try reporting {
      guard (1...100_000).contains(runs) else {
        throw ValidationError("runs must be a number from 1 to 100000, but \(runs) was given")
      }
      guard (1...256).contains(sessions) else {
        throw ValidationError(
          "sessions must be a number from 1 to 256, but \(sessions) was given")
      }
      InputFiles.add(try runtime.modelPath())
      if let source { InputFiles.add(source) }
      let profileOutput = try profile.map { try ProfileOutput($0, files: outputs.files) }
      let model = try runtime.open()
      let size = try inputSize.imageSize()
      let options = try PredictOptions(imageSize: size, isRectangular: endToEnd)
      let file = endToEnd ? try imageBytes() : nil
      let image =
        try file.map { try ImageReader.decode($0.bytes, named: $0.name) }
        ?? inputImage(for: options.imageSize ?? model.defaultImageSize)
      if kernels {
        let rankings = try model.kernelRankings(for: image.size, options: options, runs: runs)
        return KernelTable(rankings).write(asJSON: format == .json)
      }

      let run = try SessionsRun(
        model, image, options: options, sessions: sessions, runs: runs)
      let plan = try model.plan(for: image.size, options: options)
      var stages = run.stages
      if let file {
        let run = try EndToEndRun(
          model, file.bytes, named: file.name, options: options, runs: runs)
        stages.append(("endToEnd", run.latencies))
      }
      switch format {
      case .text: printText(model, plan, run, stages)
      case .json: printJSON(model, plan, run, stages)
      }
      if let profileOutput {
        try profileOutput.write(
          try ModelProfile(model, image, options: options, runs: min(runs, 200)),
          title: "\(modelName), \(plan.input.width)x\(plan.input.height), "
            + "\(model.options.backend.rawValue), \(model.options.instructionSet.rawValue)")
      }
    }
  }

  private func inputImage(for size: Size) throws -> Image {
    if let source {
      let list = SourceList([source])
      if let failure = list.failures.first { throw failure }
      return try list.sources.first?.read() ?? noise(size)
    }
    return noise(size)
  }

  /// Reads the file that `--source` names, the shipped image if there is none.
  private func imageBytes() throws -> (bytes: [UInt8], name: String) {
    let path = try source ?? ShippedFiles.imagePath()
    return (try BoundedInput.read(path: path, maximumBytes: ImageLimits().maximumBytes), path)
  }

  /// An image of blocks of color, the same in every run.
  private func noise(_ size: Size) -> Image {
    var state: UInt32 = 1
    var colors = [UInt8]()
    for _ in 0..<3 * 64 * 64 {
      state = state &* 1_664_525 &+ 1_013_904_223
      colors.append(UInt8(state >> 24))
    }
    var pixels = [UInt8]()
    pixels.reserveCapacity(3 * size.width * size.height)
    for y in 0..<size.height {
      for x in 0..<size.width {
        let block = (y / 16 % 64 * 64 + x / 16 % 64) * 3
        pixels += colors[block..<block + 3]
      }
    }
    return Image(knownSize: size, pixels: pixels)
  }

  /// The name of the model's file.
  private var modelName: String {
    let path = runtime.model ?? ShippedFiles.modelName
    return FilePath.name(of: path)
  }

  private func printText(
    _ model: Model, _ plan: Plan, _ run: SessionsRun, _ stages: [SessionsRun.Stage]
  ) {
    let input = plan.input
    var table = TextTable(["ms", "min", "median", "p95"], leftColumns: 1)
    for (name, values) in stages {
      table.append([name, values.min.fixed(2), values.median.fixed(2), values.p95.fixed(2)])
    }
    let work = 2 * Double(plan.macs) * 1e-9
    let rate = run.inference.median > 0 ? work / run.inference.median * 1e3 : 0
    let settings = [
      "\(input.width)x\(input.height)", model.options.backend.rawValue,
      model.options.instructionSet.rawValue, "\(plan.threads) thread(s)",
      "\(sessions) session(s)", "\(runs) runs",
    ]
    StandardOutput.write(
      "\(settings.joined(separator: ", "))\n\(table.text)"
        + "\(work.fixed(2)) GFLOP, \(rate.fixed(0)) GFLOP/s in a session; "
        + "\(run.throughput.fixed(1)) images/s in all\n")
  }

  private func printJSON(
    _ model: Model, _ plan: Plan, _ run: SessionsRun, _ stages: [SessionsRun.Stage]
  ) {
    /// Milliseconds, or images a second.
    func rounded(_ value: Double) -> JSONValue {
      .double((value * 1e4).rounded() / 1e4)
    }
    let input = plan.input
    let members =
      [
        JSONMember("model", .string(runtime.model ?? ShippedFiles.modelName)),
        JSONMember("imgsz", .array([.int(input.height), .int(input.width)])),
        JSONMember("threads", .int(plan.threads)),
        JSONMember("backend", .string(model.options.backend.rawValue)),
        JSONMember("isa", .string(model.options.instructionSet.rawValue)),
        JSONMember("runs", .int(runs)),
        JSONMember("sessions", .int(sessions)),
        JSONMember("throughput", rounded(run.throughput)),
      ]
      + stages.map { name, values in
        JSONMember(
          name,
          .object([
            JSONMember("min", rounded(values.min)),
            JSONMember("median", rounded(values.median)),
            JSONMember("p95", rounded(values.p95)),
          ]))
      }
      + [
        JSONMember(
          "latencies",
          .object(
            stages.map { name, values in
              JSONMember(name, .array(values.all.map { rounded($0) }))
            }))
      ]
    var json = JSONWriter()
    json.value(.object(members))
    StandardOutput.write(json.takeBytes() + [UInt8(ascii: "\n")])
  }
}
