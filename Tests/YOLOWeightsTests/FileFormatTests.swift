import Testing
import YOLOTestSupport
import YOLOWeights

@Suite struct FileFormatTests {
  @Test(
    arguments: [
      ([0x80, 0x04, 0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0x4E], .pickle),
      ([0x08, 0x08, 0x12, 0x07] + Array("pytorch 2.0 and more".utf8), .onnx),
      ([0x1C, 0, 0, 0] + Array("TFL3abcd".utf8), .tensorFlowLite),
      ([0x89] + Array("HDF\r\n".utf8) + [0x1A, 0x0A], .hdf5), (Array("GGUF1234".utf8), .gguf),
      ([0x1F, 0x8B, 8, 0], .gzip), (Array("<?xml version".utf8), .xml),
      (Array("<!DOCTYPE html><html>".utf8), .html),
      (Array("version https://git-lfs.github.com/spec/v1\n".utf8), .gitLFSPointer),
      (Array("hello, I am not a model".utf8), .text), ([0], .unknown),
      (Array("\u{FEFF}\n<HTML><head>".utf8), .html), (Array("{\"error\": 1}".utf8), .json),
      ([0x89] + Array("PNG\r\n".utf8), .image), ([0, 0, 0, 24] + Array("ftypmp42".utf8), .media),
      (Array("Rar!12".utf8), .archive), (Array("RKNN1234".utf8), .rknn),
      (Array("7767517\n75 83\n".utf8), .ncnn),
      ([16, 1, 0, 0] + Array("{\"description\": \"Ultralytics YOLO\"".utf8), .tensorRT),
    ] as [([UInt8], FileFormat)])
  func foreignFilesAreNamed(bytes: [UInt8], format: FileFormat) {
    #expect(opening(bytes) == .unsupportedFormat(file: "test", found: format))
  }

  @Test func compiledArchivesAreNamed() {
    for name in ["model/constants.pkl", "model/code/__torch__.py"] {
      var builder = ZipBuilder(pickle: Python.none.pickle, root: "model")
      builder.entries.append(ZipBuilder.Entry(name, [0]))
      #expect(opening(builder.bytes) == .unsupportedFormat(file: "test", found: .torchScript))
    }
  }

  @Test func archivesWithoutACheckpointAreRefused() {
    func reason(_ builder: ZipBuilder) -> String { opening(builder.bytes)?.description ?? "none" }
    #expect(reason(ZipBuilder([])).contains("the archive is empty"))
    #expect(reason(ZipBuilder([.init("readme", [])])).contains("every entry in one directory"))
    #expect(
      reason(ZipBuilder([.init("a/readme", [])])).contains(
        "a/data.pkl: damaged or unsupported ZIP archive: the entry is missing"))
    var big = ZipBuilder(pickle: Python.none.pickle)
    big.entries[1].content = Array("big".utf8)
    #expect(reason(big).contains("archive/byteorder"))
    var damaged = ZipBuilder(pickle: Python.none.pickle)
    damaged.entries[0].checksum = 7
    #expect(
      reason(damaged).contains("archive/data.pkl: damaged or unsupported ZIP archive: its CRC-32"))
  }

  @Test func everyFormatHasADescription() {
    for format in FileFormat.allCases { #expect(format.description.contains(" ")) }
  }
}
