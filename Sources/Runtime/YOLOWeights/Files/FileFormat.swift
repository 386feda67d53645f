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
    if bytes.count == 0 {
      self = .empty
    } else if starts(text: "PK\u{3}\u{4}") || starts(text: "PK\u{5}\u{6}") {
      self = .zip
    } else if starts(
      [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19], at: 2)
    {
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
    } else if starts(text: "<?xml") || starts(text: "<net") {
      self = .xml
    } else if starts(text: "<!DOCTYPE") || starts(text: "<!doctype") || starts(text: "<html") {
      self = .html
    } else if FileFormat.looksLikeSafetensors(bytes) {
      self = .safetensors
    } else if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
      self = .pickle
    } else if FileFormat.looksLikeONNX(bytes) {
      self = .onnx
    } else {
      self = .unknown
    }
  }

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
    case .legacyTorch, .pickle: "load and save it again with a current torch"
    case .torchScript, .onnx, .tensorFlowLite, .xml:
      "use the .pt checkpoint that it was exported from"
    case .gitLFSPointer: "fetch the file itself with git lfs pull"
    case .html: "download the file again"
    case .zip, .safetensors, .hdf5, .gguf, .gzip, .empty, .unknown: nil
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
    case .empty: "an empty file"
    case .unknown: "a file of unknown kind"
    }
  }
}
