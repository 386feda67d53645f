import Foundation
import Testing
import YOLO
import YOLOImage
import YOLOImageIO
import YOLOOptions
import YOLOSystem
import YOLOTestSupport
import YOLOWeights

/// The façade: options, safetensors, concurrency, hostile checkpoints.
@Suite struct ModelTests {
  private static let checkpoint = GoldenCase.url("checkpoints/tiny-detect.pt").path

  private static func image(_ name: String = "images/odd.png") throws -> Image {
    try ImageReader.read(contentsOf: GoldenCase.url(name).path)
  }

  private static func options(_ side: Int = 160, classes: Set<Int>? = nil) throws -> PredictOptions
  {
    try PredictOptions(
      imageSize: Size(width: side, height: side), confidence: 0.01, classes: classes)
  }

  @Test func aSafetensorsCopyPredictsTheSame() throws {
    let model = try Model(path: Self.checkpoint)
    let copy = FileManager.default.temporaryDirectory.appending(
      path: "copy-\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: copy) }
    try model.checkpoint.writeSafetensors(to: copy.path)
    let other = try Model(path: copy.path)
    let options = try Self.options()
    let expected = try model.predictBlocking(try Self.image(), options: options).detections
    #expect(!expected.isEmpty)
    #expect(try other.predictBlocking(try Self.image(), options: options).detections == expected)
    #expect(other.names == model.names && other.defaultImageSize == model.defaultImageSize)
  }

  @Test func theThreadsAndTheirNumberChangeNothing() async throws {
    let images = try [Self.image(), Self.image("images/even.png")]
    let sides = [96, 128, 160, 192, 224]
    let single = try Model(path: Self.checkpoint, options: RuntimeOptions(threads: 1))
    var expected = [[Instance]]()
    for side in sides {
      for image in images {
        expected.append(
          try single.predictBlocking(image, options: try Self.options(side)).detections)
      }
    }
    for threads in [1, 2, 5] {
      let model = try Model(
        path: Self.checkpoint, options: RuntimeOptions(threads: threads, planLimit: 3))
      try await withThrowingTaskGroup(of: (Int, [Instance]).self) { group in
        for index in 0..<200 {
          group.addTask {
            let case_ = index % (sides.count * images.count)
            let options = try Self.options(sides[case_ / images.count])
            return (
              case_,
              try model.predictBlocking(
                images[case_ % images.count], options: options,
                threads: index.isMultiple(of: 3) ? nil : 1 + index % 2
              ).detections
            )
          }
        }
        for try await (index, found) in group { #expect(found == expected[index]) }
      }
    }
  }

  @Test func classesAreFiltered() throws {
    let model = try Model(path: Self.checkpoint)
    let all = try model.predictBlocking(try Self.image(), options: try Self.options()).detections
    let wanted = try #require(all.first?.classIndex)
    let some = try model.predictBlocking(
      try Self.image(), options: try Self.options(classes: [wanted])
    ).detections
    #expect(!some.isEmpty && some.allSatisfy { $0.classIndex == wanted })
  }

  @Test func aTinyAndAFlatImageAreNoTrouble() throws {
    let model = try Model(path: Self.checkpoint)
    for size in [Size(width: 1, height: 1), Size(width: 3000, height: 2)] {
      _ = try model.predictBlocking(Image(knownSize: size, gray: 200), options: try Self.options())
    }
  }

  @Test func whatCannotBeRunIsRefused() throws {
    func code(_ body: () throws -> Void) -> YOLOError.Code? {
      do {
        try body()
        return nil
      } catch { return (error as? YOLOError)?.code }
    }
    #expect(code { _ = try Model(path: "/nowhere.pt") } == .unreadable)
    #expect(code { _ = try Model(path: "/tmp") } == .unreadable)
    #expect(code { _ = try Model(bytes: []) } == .checkpoint)
    #expect(
      code { _ = try Model(path: Self.checkpoint, options: RuntimeOptions(threads: 0)) } == .option)
    for set in InstructionSet.allCases where set > .best {
      #expect(
        code { _ = try Model(path: Self.checkpoint, options: RuntimeOptions(instructionSet: set)) }
          == .option)
    }
    // A head without a second branch.
    do {
      _ = try Model(path: Self.checkpoint, options: RuntimeOptions(branch: .oneToOne))
      Issue.record("a single head was taken for a dual one")
    } catch {
      #expect(error.code == .model && error.message.contains("one2one_cv2"), "\(error)")
    }
  }

  /// The class of a block is not known: the error names it, its place and what is known.
  @Test func unknownBlocksAreNamed() throws {
    let bytes = try Self.withUnknownBlock()
    do {
      _ = try Model(bytes: bytes, named: "edited.pt")
      Issue.record("an unknown block was built")
    } catch {
      #expect(error.code == .model)
      for part in ["edited.pt", "model.2 ", "ultralytics.nn.modules.block.C9f", "C3k2", "Detect"] {
        #expect(error.message.contains(part), "\(error)")
      }
    }
  }

  /// The checkpoint with one block's class changed to one that is not known.
  static func withUnknownBlock() throws -> [UInt8] {
    var (entries, index) = try entries()
    let known = Array("C2f\n".utf8)
    var bytes = entries[index].content
    // GLOBAL: the module's name and the class's, each with a line break.
    let position = try #require(
      bytes.indices.dropLast(known.count).first { Array(bytes[$0..<$0 + known.count]) == known })
    bytes[position + 1] = UInt8(ascii: "9")
    entries[index] = ZipBuilder.Entry(entries[index].name, bytes)
    return ZipBuilder(entries).bytes
  }

  /// The archive of the checkpoint, and which of its entries is the pickle.
  private static func entries(
    of checkpoint: String = checkpoint
  ) throws -> (all: [ZipBuilder.Entry], pickle: Int) {
    let file = [UInt8](try Data(contentsOf: URL(filePath: checkpoint)))
    let archive = try ZipArchive(file: try MappedFile(copying: file, name: "test"))
    let entries = archive.entries.map { entry in
      let bytes = archive.bytes(of: entry)
      return ZipBuilder.Entry(entry.name, (0..<bytes.count).map { bytes[$0] })
    }
    return (entries, try #require(entries.firstIndex { $0.name.hasSuffix("/data.pkl") }))
  }

  /// Whether a file is a model; it is then run on a small image, which may be refused, too.
  private static func builds(_ bytes: [UInt8], _ label: String) throws -> Bool {
    let model: Model
    do {
      model = try Model(bytes: bytes, options: RuntimeOptions(threads: 1))
    } catch {
      #expect(!error.message.isEmpty && error.message.utf8.count < 4000, "\(label)")
      return false
    }
    let photo = Image(knownSize: Size(width: 40, height: 50), gray: 90)
    do {
      _ = try model.predictBlocking(photo, options: try options(64))
    } catch let error as YOLOError {
      #expect(!error.message.isEmpty, "\(label)")
    }
    return true
  }

  /// Checkpoints with every block and head between them.
  private static let networks = [
    "checkpoints/tiny-detect.pt", "networks/rare.pt", "networks/yolo11-seg.pt",
    "networks/yolo12-obb.pt", "networks/yolo26-pose.pt", "networks/yolo26-seg.pt",
    "networks/yolov10.pt", "networks/yolov3-tiny.pt", "networks/yolov6.pt",
    "networks/yolov8-ghost.pt", "networks/yolov9e.pt", "networks/yolov9t.pt",
    "networks/yolo11-cls.pt", "networks/yolov8-cls-resnet50.pt",
  ]

  /// Damaged structures in sound archives: each is refused with `YOLOError`, or predicts.
  @Test(arguments: networks) func damagedNetworksAreRefusedOrRun(_ network: String) throws {
    let plan = FuzzPlan(cases: 200)
    let (entries, index) = try Self.entries(of: GoldenCase.url(network).path)
    var built = 0
    for number in 0..<plan.cases {
      var random = SplitMix64(seed: plan.seed &+ UInt64(number))
      var builder = ZipBuilder(entries)
      // One or two changed bytes leave most of the structure standing.
      for _ in 0...number % 2 {
        let at = Int.random(in: entries[index].content.indices, using: &random)
        builder.entries[index].content[at] = UInt8.random(in: 0...255, using: &random)
      }
      builder.entries[index].checksum = 0
      if try Self.builds(builder.bytes, "\(network), case \(number)") { built += 1 }
    }
    #expect(built > plan.cases / 40 && built < plan.cases)
  }

  /// Every small number of the structure, kernels, strides and paddings among them, changed to a
  /// few others: each is refused with `YOLOError`, or predicts.
  @Test(arguments: networks) func changedNumbersAreRefusedOrRun(_ network: String) throws {
    let plan = FuzzPlan(cases: 150)
    let (entries, index) = try Self.entries(of: GoldenCase.url(network).path)
    let pickle = entries[index].content
    // BININT1 and its operand. Some of these bytes are something else; that does no harm.
    let positions = pickle.indices.dropLast().filter { pickle[$0] == UInt8(ascii: "K") }
    var random = SplitMix64(seed: plan.seed)
    var built = 0
    for position in positions.shuffled(using: &random).prefix(plan.cases) {
      for value in [0, 1, 64] as [UInt8] where pickle[position + 1] != value {
        var builder = ZipBuilder(entries)
        builder.entries[index].content[position + 1] = value
        builder.entries[index].checksum = 0
        let label = "\(network): byte \(position + 1) is \(value)"
        if try Self.builds(builder.bytes, label) { built += 1 }
      }
    }
    #expect(positions.count > 200 && built > 0)
  }
}
