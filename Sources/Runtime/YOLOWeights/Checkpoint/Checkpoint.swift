public import YOLOGeometry
package import YOLOSystem

/// A model as it lies in a file: its records and tensors, and what is needed to predict with it.
///
/// Opening reads the structure only; weights are converted when a tensor is read, straight from the
/// mapped file. Nothing in the file is executed: see `PickleMachine`.
public struct Checkpoint: Sendable {
  /// The root of the module records: its child `model` holds the layers, its path is empty.
  public let model: ModuleRecord
  /// The task as the file or else the head spells it, or nil if neither tells it.
  package let taskName: String?
  /// The class names.
  public let names: ClassNames
  /// The strides of the output levels in pixels, such as 8, 16, 32; empty if the file has none.
  public let strides: [Int]
  /// The image size of the training, or nil if the file does not tell it.
  public let imageSize: InputSize?
  /// The arguments of the training, such as `data` and `single_cls`.
  public let trainingArguments: [String: AttributeValue]
  /// What the file says about its making.
  public let info: CheckpointInfo
  /// The file that the tensors lie in.
  private var file: MappedFile?

  /// Opens a `.pt` checkpoint or a safetensors file of this program, told apart by their bytes.
  ///
  /// The checksum of a checkpoint's `data.pkl` is always compared: it is cheap, and a damaged
  /// structure would give puzzling errors. `verifyingWeights` compares those of the weights too,
  /// which reads the whole file. Checksums find damage, not malice. A safetensors file has none.
  ///
  /// - Throws: `WeightError`; see its cases.
  public static func open(
    path: String, verifyingWeights: Bool = false
  ) throws(WeightError) -> Checkpoint {
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: path)
    } catch {
      throw WeightError(reading: error)
    }
    return try Checkpoint(file: file, verifyingWeights: verifyingWeights)
  }

  /// Reads a checkpoint from bytes, of which it keeps a copy; `name` is for messages.
  ///
  /// - Throws: `WeightError`; see its cases.
  public init(
    bytes: [UInt8], name: String = "the checkpoint", verifyingWeights: Bool = false
  ) throws(WeightError) {
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(copying: bytes, name: name)
    } catch {
      throw WeightError(reading: error)
    }
    try self.init(file: file, verifyingWeights: verifyingWeights)
  }

  /// Reads a checkpoint from a mapped file.
  ///
  /// - Throws: `WeightError`; see its cases.
  package init(file: MappedFile, verifyingWeights: Bool = false) throws(WeightError) {
    let format = FileFormat(detecting: file.bytes)
    switch format {
    case .zip: self = try TorchReader.read(file, verifyingWeights: verifyingWeights)
    case .safetensors: self = try SafetensorsReader.read(file)
    case .legacyTorch: self = try LegacyTorchReader.read(file)
    case .torchScript, .onnx, .tensorFlowLite, .hdf5, .gguf, .gzip, .xml, .html, .gitLFSPointer,
      .pickle, .tensorRT, .coreML, .savedModel, .ncnn, .rknn, .archive, .json, .image, .media,
      .text, .empty, .unknown:
      throw .unsupportedFormat(file: file.name, found: format)
    }
    self.file = file
  }

  init(
    model: ModuleRecord, taskName: String?, names: ClassNames, strides: [Int],
    imageSize: InputSize?,
    trainingArguments: [String: AttributeValue], info: CheckpointInfo
  ) {
    self.model = model
    self.taskName = taskName
    self.names = names
    self.strides = strides
    self.imageSize = imageSize
    self.trainingArguments = trainingArguments
    self.info = info
  }

  /// The task, or nil if neither the file nor the head tells one that there is.
  public var task: VisionTask? { taskName.flatMap(VisionTask.init(rawValue:)) }

  /// Compares the tensors that were asked for since the checkpoint was opened, or since
  /// `resetUsage()`, with those in the file.
  ///
  /// Left out are training counters (`num_batches_tracked`) and stored `anchors` and `strides`,
  /// which inference computes anew.
  public func usageReport() -> UsageReport { model.usage.report(on: model) }

  /// Releases the memory of what was read of the file; reading on costs a look at the file.
  package func releasePages() { file?.releasePages() }

  /// The memory of the file's bytes: all of them if they were copied, none if they are mapped.
  package var copiedBytes: Int { file?.copiedBytes ?? 0 }

  /// Forgets which tensors were asked for.
  public func resetUsage() { model.usage.reset() }
}

/// What a checkpoint says about its own making.
///
/// Nothing of it changes a prediction.
public struct CheckpointInfo: Sendable, Equatable {
  /// The kind of file it was read from.
  public var format: FileFormat = .zip
  /// Which object of the file the model is: `ema`, `model` or `root`.
  public var selected = ""
  /// The architecture's file, such as `yolov8n.yaml`.
  public var yamlFile: String?
  /// The size letter of the architecture, such as `n`.
  public var scale: String?
  /// When it was saved, ISO 8601.
  public var date: String?
  /// The release of Ultralytics that saved it.
  public var version: String?
  /// The license that it states.
  public var license: String?
  /// The address of its documentation.
  public var docs: String?
  /// The last epoch of its training, counted from 0; -1 for a finished one.
  public var epoch: Int?
  /// The program that wrote the safetensors file.
  public var producer: String?

  /// Creates an empty description.
  public init() {}
}

/// What a safetensors file's metadata says in place of the model's attributes, so that a tool can
/// change a file's names or image size without touching its architecture.
struct CheckpointOverrides {
  /// The task, or nil.
  var task: String?
  /// Names by id.
  var names: AttributeValue
  /// A list of numbers.
  var strides: AttributeValue
  /// Height and width, or none.
  var imageSize: AttributeValue
}
