import JSONText
import YOLODatasets
import YOLOGeometry
public import YOLOImage
import YOLOImageIO
import YOLOModels
import YOLOOptions
import YOLOSystem
public import YOLOTensor

extension GoldenCase {
  /// The maximum number of bytes of `case.json`.
  static let maximumBytes = 1 << 20
  /// The maximum number of bytes of a tensor's file.
  static let maximumTensorBytes = 1 << 30
  /// The maximum number of tensors of a case.
  static let maximumTensors = 10_000

  private static let keys = [
    "format", "version", "task", "picture", "options", "tolerances", "tensors", "model", "versions",
  ]

  /// Reads the case in a directory; the image and tensors are read when they are needed, but must be there.
  ///
  /// - Throws: `VerificationError` that names file and key.
  public init(contentsOf directory: String) throws(VerificationError) {
    let file = FilePath.joined(directory, Self.fileName)
    let root: CaseField
    do throws(DatasetError) {
      root = CaseField(
        path: file, key: "", value: try JSONFile.read(file, maximumBytes: Self.maximumBytes))
    } catch {
      throw .file(error)
    }
    // The version comes first: a newer format may have other keys.
    let loose = try root.members()
    func required(_ name: String, _ expected: String) throws(VerificationError) -> CaseField {
      guard let field = loose[name] else {
        throw .invalid(path: file, key: name, expected: expected, found: "missing")
      }
      return field
    }
    let format = try required("format", "\"\(Self.format)\"")
    guard format.value.string == Self.format else { throw format.invalid("\"\(Self.format)\"") }
    let versionField = try required("version", "\(Self.formatVersion)")
    let version = try versionField.integer()
    guard version >= 1 else { throw versionField.invalid("\(Self.formatVersion)") }
    guard version <= Self.formatVersion else {
      throw .newerFormat(path: file, version: version, supported: Self.formatVersion)
    }
    _ = try root.members(known: Self.keys)

    let tasks = VisionTask.allCases.map(\.rawValue).joined(separator: ", ")
    let taskField = try required("task", "one of \(tasks)")
    guard let task = VisionTask(rawValue: try taskField.text()) else {
      throw taskField.invalid("one of \(tasks)")
    }
    self.task = task
    image = try required("picture", "the name of a file").fileName()
    (options, branch) = try PredictOptions.reading(
      loose["options"] ?? CaseField(path: file, key: "options", value: .object([])))
    tolerances =
      try loose["tolerances"].map { (field) throws(VerificationError) in
        try Tolerances.reading(field)
      } ?? .standard
    tensors = try Self.paths(loose["tensors"])
    model = try loose["model"].map { (field) throws(VerificationError) in
      try ModelStamp.reading(field)
    }
    var versions: [String: String] = [:]
    for (name, field) in try loose["versions"]?.members() ?? [:] {
      versions[name] = try field.text()
    }
    self.versions = versions
    path = directory
    let map = task.mapName.map { [$0] } ?? []
    for name in [image] + map + tensors.map({ Self.tensorFile($0) }) {
      let named = FilePath.joined(directory, name)
      guard FileSystem.exists(named) else {
        throw .file(.unreadable(path: named, reason: "the case names it, but it is not there"))
      }
    }
    expected = try Self.expectation(FilePath.joined(directory, Self.expectedName), task)
  }

  private static func paths(_ field: CaseField?) throws(VerificationError) -> [String] {
    guard let field else { return [] }
    let elements = try field.elements()
    guard elements.count <= maximumTensors else {
      throw field.invalid("a list of \(maximumTensors) paths at most")
    }
    var paths: [String] = []
    var known: Set<String> = []
    for element in elements {
      let path = try element.text("the path of a module")
      guard isModulePath(path) else {
        throw element.invalid("the path of a module, such as model.4.cv1")
      }
      guard known.insert(path).inserted else {
        throw element.invalid("a path that is not repeated")
      }
      paths.append(path)
    }
    return paths
  }

  /// Whether a text can be the path of a module, and so a part of a file's name.
  static func isModulePath(_ path: String) -> Bool {
    path.utf8.count <= 200 && path.utf8.first != UInt8(ascii: ".")
      && path.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
          true
        default: false
        }
      } && !path.isEmpty
  }

  /// The tensorPath of a module's tensor in the directory.
  static func tensorFile(_ path: String) -> String { "\(tensorDirectory)/\(path).npy" }

  private static func expectation(
    _ path: String, _ task: VisionTask
  ) throws(VerificationError) -> [ComparedObject] {
    let images: [PredictedImage]
    do throws(DatasetError) {
      images = try PredictionFile.read(path)
    } catch {
      throw .file(error)
    }
    guard images.count == 1, let image = images.first else {
      throw .expectation(
        path: path, reason: "it has the predictions of \(images.count) images, expected one")
    }
    for (index, object) in image.objects.enumerated() where !task.accepts(object) {
      throw .expectation(
        path: path, reason: "object \(index) is none of the task \(task): \(task.expectedObject)"
      )
    }
    return image.objects
  }

  /// Reads the image with the channels that a model takes.
  ///
  /// - Throws: `VerificationError.image`.
  public func readImage(channels: Int = 3) throws(VerificationError) -> Image {
    do throws(ImageIOError) {
      return try ImageReader.read(contentsOf: FilePath.joined(path, image), channels: channels)
    } catch {
      throw .image(error)
    }
  }

  /// Reads the tensor of a module.
  ///
  /// - Throws: `VerificationError.tensor` or `file`.
  public func readTensor(_ module: String) throws(VerificationError) -> Tensor {
    try readTensor(file: Self.tensorFile(module))
  }

  /// Reads an array of the directory.
  func readTensor(file name: String) throws(VerificationError) -> Tensor {
    let file = FilePath.joined(path, name)
    let bytes: [UInt8]
    do throws(DatasetError) {
      bytes = try DatasetFiles.read(file, maximumBytes: Self.maximumTensorBytes)
    } catch {
      throw .file(error)
    }
    do throws(NumpyFile.Failure) {
      return try NumpyFile.tensor(of: bytes, named: file)
    } catch {
      throw .tensor(path: file, reason: error.reason)
    }
  }

  /// Lists the cases that a path stands for: the directory itself if it is a case, else the cases in it
  /// by name.
  ///
  /// - Throws: `VerificationError.file` or `noCases`.
  public static func directories(at path: String) throws(VerificationError) -> [String] {
    if FileSystem.exists(FilePath.joined(path, fileName)) { return [path] }
    let directories: [String]
    do throws(DatasetError) {
      directories = try DatasetFiles.directories(in: path).map { FilePath.joined(path, $0) }
    } catch {
      throw .file(error)
    }
    let cases = directories.filter { FileSystem.exists(FilePath.joined($0, fileName)) }
    guard !cases.isEmpty else { throw .noCases(path: path) }
    return cases
  }
}
