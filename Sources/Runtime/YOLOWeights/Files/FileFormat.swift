package import YOLOSystem

/// A kind of file, told from its first bytes and never from its suffix.
public enum FileFormat: Sendable, Equatable, CaseIterable {
  /// A ZIP archive, the container of today's `torch.save`.
  case zip
  /// A safetensors file.
  case safetensors
  /// What `torch.save` wrote before torch 1.6, or with `_use_new_zipfile_serialization=False`.
  case legacyTorch
  /// A compiled TorchScript archive (a ZIP with code inside).
  case torchScript
  /// An ONNX model.
  case onnx
  /// A TensorFlow Lite model.
  case tensorFlowLite
  /// An HDF5 file, as Keras writes.
  case hdf5
  /// A GGUF file.
  case gguf
  /// A gzip archive.
  case gzip
  /// An XML document, such as OpenVINO's topology.
  case xml
  /// A web page: a download that went wrong.
  case html
  /// A Git LFS pointer: the text that stands for a file that was not fetched.
  case gitLFSPointer
  /// A bare pickle outside an archive.
  case pickle
  /// A TensorRT engine.
  case tensorRT
  /// A Core ML package.
  case coreML
  /// A TensorFlow SavedModel.
  case savedModel
  /// An NCNN description of a network.
  case ncnn
  /// An RKNN model.
  case rknn
  /// An archive that is no ZIP archive: tar, 7z, RAR, bzip2, xz, zstd.
  case archive
  /// A JSON document, such as the answer of a server.
  case json
  /// An image.
  case image
  /// A video or a sound.
  case media
  /// Text, such as a model's description in YAML.
  case text
  /// Nothing at all.
  case empty
  /// None of the above.
  case unknown
}

extension FileFormat {
  /// Returns the kind of a file from its bytes.
  package init(detecting bytes: ByteView) {
    func starts(_ prefix: [UInt8], at offset: Int = 0) -> Bool {
      bytes.count >= offset + prefix.count
        && prefix.indices.allSatisfy { bytes[offset + $0] == prefix[$0] }
    }
    func starts(text: String, at offset: Int = 0) -> Bool {
      starts(Array(text.utf8), at: offset)
    }
    let prefix = bytes.slice(at: 0, count: min(bytes.count, 512)).map { [UInt8]($0.buffer) } ?? []
    // Text may have a mark of its encoding and blanks before it.
    let blanks: Set<UInt8> = [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D]
    let text = prefix.drop(while: blanks.contains)
    func startsText(_ start: String) -> Bool {
      let wanted = Array(start.utf8)
      guard text.count >= wanted.count else { return false }
      for (found, lower) in Swift.zip(text, wanted) where found != lower {
        guard found >= 65, found <= 90, found + 32 == lower else { return false }
      }
      return true
    }
    func isText(_ byte: UInt8) -> Bool { byte >= 0x20 || blanks.contains(byte) }
    if bytes.count == 0 {
      self = .empty
    } else if starts(text: "PK\u{3}\u{4}") || starts(text: "PK\u{5}\u{6}") {
      self = .zip
    } else if Self.legacyMarks.contains(where: { starts(Self.legacyNumber, at: $0) }) {
      self = .legacyTorch
    } else if starts(text: "version https://git-lfs") {
      self = .gitLFSPointer
    } else if starts(text: "TFL3", at: 4) {
      self = .tensorFlowLite
    } else if starts([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .hdf5
    } else if starts(text: "GGUF") {
      self = .gguf
    } else if starts([0x1F, 0x8B]) {
      self = .gzip
    } else if starts(text: "ftrt") || starts(text: "{\"description\": \"Ultralytics", at: 4) {
      self = .tensorRT
    } else if starts(text: "RKNN") {
      self = .rknn
    } else if starts(text: "7767517\n") {
      self = .ncnn
    } else if Self.archiveMarks.contains(where: { starts($0.mark, at: $0.offset) }) {
      self = .archive
    } else if Self.imageMarks.contains(where: { starts($0) }) {
      self = .image
    } else if starts(text: "ftyp", at: 4) || starts([0x1A, 0x45, 0xDF, 0xA3])
      || starts(text: "ID3") || starts(text: "OggS")
    {
      self = .media
    } else if startsText("<?xml") || startsText("<net") {
      self = .xml
    } else if startsText("<!doctype") || startsText("<html") || startsText("<head") {
      self = .html
    } else if FileFormat.looksLikeSafetensors(bytes) {
      self = .safetensors
    } else if ZipArchive.isAtEnd(of: bytes) {
      // Something was put before the archive: it is read all the same.
      self = .zip
    } else if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
      self = .pickle
    } else if FileFormat.looksLikeONNX(bytes) {
      self = .onnx
    } else if startsText("{\"") || startsText("[{") || startsText("{\n") {
      self = .json
    } else if !text.isEmpty, prefix.allSatisfy(isText) {
      self = .text
    } else {
      self = .unknown
    }
  }

  /// The number that legacy torch files start with, as a pickle has it.
  private static let legacyNumber: [UInt8] = [
    0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]
  /// Where that number is: behind the protocol, or behind the length of a frame as well.
  private static let legacyMarks = [2, 11]
  private static let archiveMarks: [(mark: [UInt8], offset: Int)] = [
    (Array("ustar".utf8), 257), ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], 0),
    (Array("Rar!".utf8), 0), (Array("BZh".utf8), 0), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], 0),
    ([0x28, 0xB5, 0x2F, 0xFD], 0),
  ]
  private static let imageMarks: [[UInt8]] = [
    [0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47], Array("GIF8".utf8), Array("RIFF".utf8),
    [0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A],
  ]

  private static func looksLikeSafetensors(_ bytes: ByteView) -> Bool {
    guard bytes.count >= 10, let length = bytes.uint64(at: 0) else { return false }
    // The length bound keeps text files, whose first eight bytes read as a huge number, out.
    return bytes[8] == UInt8(ascii: "{") && length < 1 << 40
  }

  /// A protobuf message that starts with field 1 (`ir_version`, a small number) followed by a
  /// field that `ModelProto` has: strings 2 to 4 and 6, or the graph, 7.
  private static func looksLikeONNX(_ bytes: ByteView) -> Bool {
    bytes.count > 16 && bytes[0] == 0x08 && (1...32).contains(bytes[1])
      && [0x12, 0x1A, 0x22, 0x32, 0x3A].contains(bytes[2])
  }

  /// What a user can do about a file of this kind.
  var advice: String? {
    switch self {
    case .pickle: "load it in Python and save it with a current torch"
    case .torchScript, .onnx, .tensorFlowLite, .xml, .tensorRT, .coreML, .savedModel, .ncnn, .rknn:
      "use the .pt checkpoint that it was exported from"
    case .gitLFSPointer: "fetch the file itself with git lfs pull"
    case .html, .json: "it is the answer of a server, not the file: download it again"
    case .gzip, .archive: "unpack it first"
    case .text: "models are made from checkpoints, not from their descriptions"
    case .zip, .legacyTorch, .safetensors, .hdf5, .gguf, .image, .media, .empty, .unknown: nil
    }
  }
}

extension FileFormat: CustomStringConvertible {
  /// The kind with its article, as a sentence needs it.
  public var description: String {
    switch self {
    case .zip: "a ZIP archive"
    case .safetensors: "a safetensors file"
    case .legacyTorch: "a legacy torch file (not a ZIP archive)"
    case .torchScript: "a TorchScript archive"
    case .onnx: "an ONNX model"
    case .tensorFlowLite: "a TensorFlow Lite model"
    case .hdf5: "an HDF5 file"
    case .gguf: "a GGUF file"
    case .gzip: "a gzip archive"
    case .xml: "an XML document"
    case .html: "a web page"
    case .gitLFSPointer: "a Git LFS pointer"
    case .pickle: "a bare pickle"
    case .tensorRT: "a TensorRT engine"
    case .coreML: "a Core ML package"
    case .savedModel: "a TensorFlow SavedModel"
    case .ncnn: "an NCNN description of a network"
    case .rknn: "an RKNN model"
    case .archive: "an archive"
    case .json: "a JSON document"
    case .image: "an image"
    case .media: "a video or sound"
    case .text: "a text file"
    case .empty: "an empty file"
    case .unknown: "a file of unknown kind"
    }
  }
}
