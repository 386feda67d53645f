import ArgumentParser
import YOLO
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOInspection
import YOLOPostprocess
import YOLOTensor

/// `yolo trace`: writes the outputs of modules on the way to a prediction.
struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Writes the outputs of modules on the way to a prediction.",
    discussion: """
      For each image the directory gets the network's input and the tapped tensors as PATH.npy, float32 [1, channels, height, \
      width], and of a model that segments the masks as masks.npy, uint8 [objects, height, width]; of \
      one that classifies the probabilities as probabilities.npy; of one for semantic segmentation the \
      class of each pixel as classes.npy, uint8 [height, width], 255 for none; of one for depth the \
      meters as depth.npy, float32 [height, width]. The answer of `yolo predict \
      --format json` goes to standard output.

      Each tensor is drawn, too: PATH.maps.png is a mosaic of its channels, each in a range of its own, and \
      PATH.overlay.jpg the mean magnitude of its channels on the photo. With --taps heads, \
      score-STRIDE.jpg has the best class's probability of each cell on the photo, \
      score-STRIDE-CLASS.jpg that of the chosen box's class, and box-N.svg the distributions of that \
      box's edges.
      """)

  @Option(
    name: .long, parsing: .upToNextOption,
    help: "Images, or directories, patterns or .txt lists of them, which get a directory each.")
  var source: [String]

  @Option(
    name: .long,
    help: ArgumentHelp("The modules that are tapped: \(TapSelection.help).", valueName: "taps"))
  var taps = TapSelection.heads

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The box whose distributions are drawn, counted from 0 in the order of the answer.",
      valueName: "n"))
  var box = 0

  @Flag(name: .long, inversion: .prefixedNo, help: "Draw the tensors.")
  var images = true

  @Option(name: .long, help: ArgumentHelp("The directory to write to.", valueName: "dir"))
  var out: String

  @OptionGroup(title: "Output") var outputs: OutputArguments
  @OptionGroup(title: "Prediction") var prediction: PredictArguments
  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  func run() throws {
    try reporting {
      guard box >= 0 else {
        throw ValidationError("box must be 0 or more, but \(box) was given")
      }
      let options = try prediction.options()
      let list = SourceList(source)
      let sources = list.sources
      guard !sources.isEmpty else { throw list.reported() }
      let model = try runtime.open()
      let paths = try TapSelection.paths(taps, of: model).filter { $0 != TapSelection.input }
      let output = ResultOutput(
        format: .json, isNormalized: false, isNamed: list.entries.count > 1, task: model.task)
      let files = outputs.files
      let expected = fileNames(of: paths, task: model.task)
      let names = OutputNames.distinct(sources.map(\.fileName))
      let directories = try names.map { name in
        try OutputDirectory(
          sources.count == 1 ? out : "\(out)/\(name)", files: files, names: expected)
      }
      var failure: ExitCode?
      var position = 0
      for entry in list.entries {
        let name: String
        do {
          switch entry {
          case .failure(let source, let error):
            name = source
            throw error
          case .source(let source):
            name = source.name
            let directory = directories[position]
            position += 1
            let image = try source.read(channels: model.channels)
            let trace = try model.trace(image, taps: paths, options: options, source: source.name)
            try write(trace, to: directory)
            if images {
              try TraceImages(trace, of: model, image).write(
                paths: paths, box: TapSelection.contains(TapSelection.heads, in: taps) ? box : nil,
                to: directory)
            }
            output.write(trace.results)
          }
        } catch {
          // One bad image does not keep the others from being traced.
          failure = ExitStatus.report(error)
          output.fail(name, error)
        }
      }
      if failure == nil || list.entries.count > 1 || output.hasResults {
        output.finish(model: try runtime.modelPath())
      }
      if let failure { throw failure }
    }
  }

  /// The files of an image that are known before its prediction.
  private func fileNames(of paths: [String], task: VisionTask) -> [String] {
    var names = ["input.npy"] + paths.map { $0 + ".npy" }
    if task == .segment { names.append("masks.npy") }
    if task == .classify { names.append("probabilities.npy") }
    if task == .semantic { names.append("classes.npy") }
    if task == .depth { names.append("depth.npy") }
    if images { names += paths.flatMap { [$0 + ".maps.png", $0 + ".overlay.jpg"] } }
    return names
  }

  private func write(_ trace: Model.Trace, to directory: OutputDirectory) throws {
    try directory.write(NumpyFile.bytes(of: trace.input), named: "input.npy")
    for (path, tensor) in trace.tensors {
      try directory.write(NumpyFile.bytes(of: tensor), named: path + ".npy")
    }
    let results = trace.results
    if results.task == .segment {
      let masks = results.instances.compactMap(\.letterboxMask)
      let frame = masks.first?.frame ?? Size(width: 0, height: 0)
      // Masks of the same boxes as in the results, but stored whole.
      let bytes = masks.count * frame.width * frame.height
      guard bytes <= MaskError.byteLimit else {
        throw YOLOError(.tooLarge, "\(MaskError.tooLarge(objects: masks.count, bytes: bytes))")
      }
      var pixels = [UInt8]()
      pixels.reserveCapacity(bytes)
      for mask in masks {
        for y in 0..<frame.height {
          for x in 0..<frame.width { pixels.append(mask[x, y] ? 1 : 0) }
        }
      }
      try directory.write(
        NumpyFile.bytes(of: pixels, shape: [masks.count, frame.height, frame.width]),
        named: "masks.npy")
    }
    if let classification = results.classification {
      let probabilities = classification.probabilities
      try directory.write(
        NumpyFile.bytes(of: Tensor(shape: [1, probabilities.count], values: probabilities)),
        named: "probabilities.npy")
    }
    if let map = results.classMap {
      try directory.write(
        NumpyFile.bytes(of: map.classes, shape: [map.size.height, map.size.width]),
        named: "classes.npy")
    }
    if let map = results.depthMap {
      try directory.write(
        NumpyFile.bytes(
          of: Tensor(shape: [map.size.height, map.size.width], values: map.distances)),
        named: "depth.npy")
    }
  }
}
