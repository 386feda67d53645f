import ArgumentParser
import YOLO
import YOLODrawing
import YOLOImage
import YOLOImageIO
import YOLOOptions
import YOLOPostprocess
import YOLOSystem
import YOLOVideo

/// `yolo predict`: finds the objects in images and videos.
struct PredictCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Finds the objects in images and videos.",
    discussion: """
      A source is an image, a video, a directory, a pattern such as 'shots/**/*.jpg', a text file (.txt) \
      with a source a line, or - for an image on standard input; an image or a video of the web (http, \
      https; through curl), a stream (rtsp, rtmp, udp, tcp, srt, .m3u8) or a camera (/dev/video0, or 0; \
      through ffmpeg). Of a directory those files are sources \
      whose suffix is that of an image or a video; --verbose lists the others. What cannot be read is \
      reported by name, the rest goes on, and the exit code is that of an error.

      --format json of one image is the answer of the HUB inference API; of more, each entry begins with \
      its source, and what could not be read is an entry with error. Bytes of file names that are not \
      UTF-8 are printed as \\xE9. A frame of a video or stream has its number and its time in seconds.

      Of a stream always the newest frame is taken; those that come meanwhile are passed over, but \
      numbered. A stream that breaks is read again, up to --retries times in a row; streams run beside \
      one another after everything else, and one that is given up is an error that ends no other. An \
      interrupt (Ctrl-C) ends all of them, with everything written that there is.

      --save writes one file for each source, by the source's name: photo.png, scan.webp.jpg, pan.mp4, \
      clip.avi.mp4; labels/photo.txt with --save-txt, crops/CLASS/photo.jpg with --save-crop, for a frame \
      of a video pan_7.txt. Where names meet, the first source has the name, the others photo-2.png, \
      photo-3.png in their order. No file that is read is ever replaced, others only with --overwrite.
      """)

  /// How results are printed.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    /// Lines for people.
    case text
    /// One object: the answer of the HUB inference API.
    case json
    /// A line of JSON an image or frame.
    case ndjson
    /// A line of comma-separated values an instance.
    case csv
  }

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp(
      "Images, videos, directories of them, patterns, or lists in a .txt file, or - for an image on "
        + "standard input; the shipped image if not given. May be given more than once."))
  var source: [String] = []

  @Option(name: .long, help: "How results are printed: text, json, ndjson, csv.")
  var format = Format.text

  @Option(
    name: .long, help: "How many times in a row a stream that broke is read again, 0 to 1000000.")
  var retries = StreamPolicy().retries

  @Option(
    name: .long,
    help: ArgumentHelp("End each stream after so many predicted frames.", valueName: "n"))
  var streamFrames: Int?

  @Flag(
    name: .long,
    help: "Tell the values of all options, and which files of directories are no sources.")
  var verbose = false

  @OptionGroup var reading: SettingArguments<ReadingOptions>
  @OptionGroup(title: "Output") var saved: SaveArguments
  @OptionGroup(title: "Prediction") var prediction: PredictArguments
  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  func run() async throws {
    try await reporting {
      let options = try prediction.options()
      let reading = try reading.options()
      guard (0...1_000_000).contains(retries), streamFrames ?? 1 > 0 else {
        throw ValidationError("retries must be 0 to 1000000, and stream-frames 1 or more")
      }
      let list = SourceList(
        source.isEmpty ? [try ShippedFiles.imagePath()] : source, withVideos: true)
      let path = try runtime.modelPath()
      guard !list.sources.isEmpty else { throw list.reported() }
      let files = try saved.files(for: list.sources)
      let model = try runtime.open()
      try saved.check(for: model.task)
      // The process ends with this command: the system takes its memory back all at once.
      _ = Unmanaged.passRetained(model)
      if verbose { tell(options, reading, of: model, list) }
      let isSingle = list.entries.count == 1 && !list.sources[0].isMoving
      let output = ResultOutput(
        format: format, isNormalized: reading.isNormalized, isNamed: !isSingle, task: model.task)
      let run = PredictRun(
        model: model, options: options, stride: reading.stride, files: files, output: output,
        policy: StreamPolicy(retries: retries), streamFrames: streamFrames)
      let failure = await run.predict(list.entries)
      if failure == nil || list.entries.count > 1 || output.hasResults {
        output.finish(model: path)
      }
      if let failure { throw failure }
    }
  }

  /// Tells standard error the values in use, and the files that are no sources.
  private func tell(
    _ options: PredictOptions, _ reading: ReadingOptions, of model: Model, _ list: SourceList
  ) {
    let size = options.imageSize ?? model.defaultImageSize
    var values = PredictOptions.settings.map { setting in
      "\(setting.name) \(setting.valueText(in: options) ?? setting.defaultText ?? "all")"
    }
    values[0] = "imgsz \(size.height)" + (size.height == size.width ? "" : ",\(size.width)")
    values += [
      "nms \(runtime.nms)", "vid_stride \(reading.stride)", "normalize \(reading.isNormalized)",
      "backend \(model.options.backend.rawValue)", "isa \(model.options.instructionSet.rawValue)",
      "threads \(model.options.threads)",
    ]
    StandardError.write("options: \(values.joined(separator: ", "))\n")
    guard !list.others.isEmpty else { return }
    let names = list.others.prefix(20).map { $0.sanitized() }.joined(separator: ", ")
    StandardError.write(
      "neither images nor videos by their suffix: \(list.others.count) files: \(names)"
        + (list.others.count > 20 ? ", …" : "") + "\n")
  }
}

/// What `yolo predict` writes besides its results.
struct SaveArguments: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("Write annotated images and videos to this directory.", valueName: "dir"))
  var save: String?

  @Flag(
    name: .long, inversion: .prefixedNo,
    help: "Annotate what --save writes; without, it writes labels and crops only.")
  var annotate = true

  @Flag(
    name: .long,
    help: "Write the results to labels/NAME.txt below --save, in Ultralytics' format of labels.")
  var saveTxt = false

  @Flag(name: .long, help: "End each line of --save-txt with the confidence.")
  var saveConf = false

  @Flag(name: .long, help: "Write the part of each object to crops/CLASS/NAME.jpg below --save.")
  var saveCrop = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A font file for characters of labels beyond Latin, Greek and Cyrillic (default: YOLO_FONT).",
      valueName: "file"))
  var font: String?

  @OptionGroup var outputs: OutputArguments

  func validate() throws {
    guard save != nil || !(saveTxt || saveCrop) else {
      throw ValidationError("--save-txt and --save-crop need --save for the directory to write to")
    }
    guard saveTxt || !saveConf else { throw ValidationError("--save-conf needs --save-txt") }
  }

  /// Refuses what the results of a task have nothing for.
  func check(for task: VisionTask) throws {
    guard task.isDense, saveTxt || saveCrop else { return }
    throw ValidationError(
      "\(saveTxt ? "--save-txt" : "--save-crop") needs objects or classes, but the model is for "
        + "\(task.rawValue); yolo trace writes the value of each pixel")
  }

  /// Chooses the files of each source; nil if none are written.
  ///
  /// A font that cannot be used is an error.
  func files(for sources: [InputSource]) throws -> PredictionFiles? {
    if let font { InputFiles.add(font) }
    guard let save else { return nil }
    var drawing = DrawingOptions()
    drawing.typeface =
      if let font { try Typeface(fallbackFont: font) } else { try Typeface.fromEnvironment() }
    return try PredictionFiles(
      save, sources: sources, files: outputs.files,
      contents: PredictionFiles.Contents(
        annotates: annotate, labels: saveTxt, confidences: saveConf, crops: saveCrop),
      drawing: drawing)
  }
}
