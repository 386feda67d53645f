import Foundation
import Testing
import YOLO
import YOLOImage
import YOLOImageIO
import YOLOTestSupport
import YOLOValidation
import YOLOWeights

/// The façade: options, safetensors, concurrency, hostile checkpoints.
@Suite struct ModelTests {
  private static let checkpoint = ReferenceCase.url("checkpoints/tiny-detect.pt").path

  private static func image(_ name: String = "pictures/odd.png") throws -> Image {
    try ImageReader.read(contentsOf: ReferenceCase.url(name).path)
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
    let expected = try model.predict(try Self.image(), options: options).detections
    #expect(!expected.isEmpty)
    #expect(try other.predict(try Self.image(), options: options).detections == expected)
    #expect(other.names == model.names && other.defaultImageSize == model.defaultImageSize)
  }

  @Test func theThreadsAndTheirNumberChangeNothing() async throws {
    let images = try [Self.image(), Self.image("pictures/even.png")]
    let sides = [96, 128, 160, 192, 224]
    let single = try Model(path: Self.checkpoint, options: RuntimeOptions(threads: 1))
    var expected = [[Detection]]()
    for side in sides {
      for image in images {
        expected.append(try single.predict(image, options: try Self.options(side)).detections)
      }
    }
    for threads in [1, 2, 5] {
      let model = try Model(
        path: Self.checkpoint, options: RuntimeOptions(threads: threads, planLimit: 3))
      try await withThrowingTaskGroup(of: (Int, [Detection]).self) { group in
        for index in 0..<200 {
          group.addTask {
            let case_ = index % (sides.count * images.count)
            let options = try Self.options(sides[case_ / images.count])
            return (
              case_, try model.predict(images[case_ % images.count], options: options).detections
            )
          }
        }
        for try await (index, found) in group { #expect(found == expected[index]) }
      }
    }
  }

  @Test func classesAreFiltered() throws {
    let model = try Model(path: Self.checkpoint)
    let all = try model.predict(try Self.image(), options: try Self.options()).detections
    let wanted = try #require(all.first?.classIndex)
    let some = try model.predict(
      try Self.image(), options: try Self.options(classes: [wanted])
    ).detections
    #expect(!some.isEmpty && some.allSatisfy { $0.classIndex == wanted })
  }

  @Test func aTinyAndAFlatPictureAreNoTrouble() throws {
    let model = try Model(path: Self.checkpoint)
    for size in [Size(width: 1, height: 1), Size(width: 3000, height: 2)] {
      _ = try model.predict(Image(size: size, grey: 200), options: try Self.options())
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
    // A sound checkpoint of another task.
    let classify = ReferenceCase.tests.appending(
      path: "YOLOWeightsTests/Fixtures/classify.pt"
    ).path
    do {
      _ = try Model(path: classify)
      Issue.record("a classifier was taken for a detector")
    } catch {
      #expect(error.code == .model && error.message.contains("Classify"), "\(error)")
    }
  }

  /// Damaged structures in sound archives: each is refused with `YOLOError`, or predicts.
  @Test func damagedNetworksAreRefusedOrRun() throws {
    let plan = FuzzPlan(cases: 2000)
    let file = [UInt8](try Data(contentsOf: URL(filePath: Self.checkpoint)))
    let archive = try ZipArchive(file: try MappedFile(copying: file, name: "test"))
    let entries = archive.entries.map { entry in
      let bytes = archive.bytes(of: entry)
      return ZipBuilder.Entry(entry.name, (0..<bytes.count).map { bytes[$0] })
    }
    let index = try #require(entries.firstIndex { $0.name.hasSuffix("/data.pkl") })
    let options = try Self.options(64)
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
      do {
        let model = try Model(bytes: builder.bytes, options: RuntimeOptions(threads: 1))
        built += 1
        _ = try model.predict(Image(size: Size(width: 40, height: 50), grey: 90), options: options)
      } catch {
        #expect(!error.message.isEmpty && error.message.utf8.count < 4000)
      }
    }
    #expect(built > plan.cases / 20 && built < plan.cases)
  }
}
