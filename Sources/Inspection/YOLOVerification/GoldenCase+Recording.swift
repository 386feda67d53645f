import JSONText
public import YOLO
import YOLODatasets
import YOLOGeometry
import YOLOImage
import YOLOImageIO
public import YOLOOptions
import YOLOPostprocess
import YOLOSystem
import YOLOTensor

extension GoldenCase {
  /// Records a model's present results as a case.
  ///
  /// The directory appears whole or not at all. The answer's times are zero, so that the same prediction
  /// gives the same files.
  ///
  /// - Parameters:
  ///   - model: The model; the branch of a dual head is that which it runs.
  ///   - path: The path of the image, which is copied as it is.
  ///   - directory: The directory to make; the directory that it is in must be there.
  ///   - modules: The paths of the modules whose tensors are kept; `input` for the network's input.
  ///   - options: The options of the prediction; the size is written down even if it is the model's own.
  ///   - tolerances: The tolerances of the case.
  ///   - stamp: Which checkpoint it is.
  ///   - replaces: Whether a case in the directory is replaced; another directory never is.
  /// - Throws: `VerificationError`; `exists` where there is something that may not be replaced.
  public static func record(
    _ model: Model, image path: String, to directory: String, modules: [String] = [],
    options: PredictOptions = .standard, tolerances: Tolerances = .standard,
    stamp: ModelStamp? = nil, replaces: Bool = false
  ) throws(VerificationError) {
    let target = try CaseDirectory(directory, replaces: replaces)
    let name = FilePath.name(of: path)
    let bytes: [UInt8]
    let fixed: PredictOptions
    do {
      bytes = try BoundedInput.read(path: path, maximumBytes: ImageLimits().maximumBytes)
      let image = try ImageReader.decode(bytes, named: path, channels: model.channels)
      fixed = try model.resolved(options).with {
        $0.imageSize = options.imageSize ?? model.defaultImageSize
      }
      let plain = try model.predictBlocking(image, options: fixed, source: path)
      let taps = modules.filter { $0 != inputPath }
      let traced =
        modules.isEmpty ? nil : try model.trace(image, taps: taps, options: fixed, source: path)
      try target.fill { write throws(VerificationError) in
        try write(bytes, storedName(name))
        try write(answer(plain, of: model, stamp), expectedName)
        if let map = plain.mapFile, let name = model.task.mapName { try write(map, name) }
        for module in modules {
          guard let tensor = module == inputPath ? traced?.input : traced?.tensors[module] else {
            continue
          }
          try write(NumpyFile.bytes(of: tensor), tensorFile(module))
        }
        try write(
          description(
            model, image: storedName(name), modules, fixed, tolerances, stamp), fileName)
      }
    } catch let error as ImageIOError {
      throw .image(error)
    } catch let error as YOLOError {
      throw .model(error)
    } catch let error as OptionError {
      throw .model(YOLOError(error))
    } catch let error as VerificationError {
      throw error
    } catch {
      preconditionFailure("nothing else is thrown: \(error)")
    }
  }

  /// The name of the image in the directory: that of its file, unless it is one of the case's own names.
  private static func storedName(_ name: String) -> String {
    ([fileName, expectedName, tensorDirectory] + mapNames).contains(name) ? "image-\(name)" : name
  }

  /// The HUB answer of one image.
  private static func answer(
    _ results: Results, of model: Model, _ stamp: ModelStamp?
  ) -> [UInt8] {
    var results = results
    results.speed = Speed(preprocess: 0, inference: 0, postprocess: 0)
    var report = ResultReport()
    report.append(results)
    var metadata = [JSONMember("imageCount", .int(1))]
    if let stamp { metadata.append(JSONMember("model", .string(stamp.file))) }
    report.finish(
      metadata: metadata + [
        JSONMember("task", .string(model.task.rawValue)),
        JSONMember("version", .object([JSONMember("yolo", .string(Version.current))])),
      ])
    return report.takeBytes() + [UInt8(ascii: "\n")]
  }

  /// The text of `case.json`, a key a line.
  private static func description(
    _ model: Model, image: String, _ modules: [String], _ options: PredictOptions,
    _ tolerances: Tolerances, _ stamp: ModelStamp?
  ) -> [UInt8] {
    var members = [
      JSONMember("format", .string(format)), JSONMember("version", .int(formatVersion)),
      JSONMember("task", .string(model.task.rawValue)), JSONMember("picture", .string(image)),
      JSONMember("options", options.json(branch: model.options.branch)),
      JSONMember("tolerances", tolerances.json),
      JSONMember("tensors", .array(modules.map { .string($0) })),
    ]
    if let stamp { members.append(JSONMember("model", stamp.json)) }
    members.append(
      JSONMember("versions", .object([JSONMember("swift-yolo", .string(Version.current))])))
    let lines = members.map {
      "  \(JSONWriter.text(.string($0.key))): \(JSONWriter.text($0.value))"
    }
    return Array(("{\n" + lines.joined(separator: ",\n") + "\n}\n").utf8)
  }
}
