import Foundation
import Testing
import YOLODatasets
import YOLOGeometry
import YOLOImageIO
import YOLOTestSupport
import YOLOTrainingData

@Suite struct IndexTests {
  private static func label(_ index: Int) -> String { "\(index % 3) 0.5 0.5 0.2 0.\(index + 1)\n" }

  @Test func keepsSoundImagesAndNamesTheOthers() throws {
    let set = try TestSet(.detect, count: 8, labels: Self.label)
    try set.directory.write("0 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2\n", to: "labels/train/001.txt")
    try set.directory.write("0 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2 0.2\n", to: "labels/train/002.txt")
    try set.directory.write("", to: "labels/train/003.txt")
    try set.directory.write("no image", to: "images/train/004.png")
    let whole = try [UInt8](Data(contentsOf: URL(filePath: set.path(imageAt: 5))))
    try set.directory.write(Array(whole.prefix(whole.count / 2)), to: "images/train/005.png")
    try set.directory.write("7 0.5 0.5 0.2 0.2\n", to: "labels/train/006.txt")
    let index = try set.index()
    #expect(index.images.map { $0.path.suffix(7) } == ["000.png", "002.png", "003.png", "007.png"])
    #expect(index.images.map(\.instanceCount) == [1, 1, 0, 1])
    #expect(index.leftOut == 4)
    #expect(index.background == 1)
    let errors = index.faults.filter { $0.severity == .error }
    #expect(errors.map { $0.path.suffix(7) } == ["001.txt", "004.png", "005.png", "006.txt"])
    #expect(errors.map(\.line) == [2, nil, nil, 1])
    let warning = try #require(index.faults.first { $0.severity == .warning })
    #expect(warning.kind == .repeatedLabel && warning.line == 2)
    #expect(index.instancesOfClass == [2, 1, 0])
  }

  @Test func cacheGivesTheSame() throws {
    for task in [VisionTask.detect, .segment, .pose] {
      let set = try TestSet(task, count: 6) { index in
        switch task {
        case .segment: "0 0.1 0.1 0.5 0.1 0.5 0.\(index + 2)\n"
        case .pose: "0 0.5 0.5 0.4 0.4 0.4 0.4 2 0.6 0.\(index + 1) 1\n"
        default: Self.label(index)
        }
      }
      try set.directory.write("0 0.5\n", to: "labels/train/002.txt")
      let first = try set.index(usesCache: true)
      #expect(!first.isFromCache)
      #expect(first.cachePath == set.directory.path(of: "labels/train.yolo-index"))
      let second = try set.index(usesCache: true)
      #expect(second.isFromCache)
      #expect(second.images == first.images)
      #expect(second.faults == first.faults)
      #expect(second.leftOut == 1)
      // A label file that changed.
      try set.directory.write("", to: "labels/train/002.txt")
      let third = try set.index(usesCache: true)
      #expect(!third.isFromCache)
      #expect(third.leftOut == 0)
      #expect(try set.index(usesCache: true).isFromCache)
    }
  }

  @Test func damagedCacheIsMadeAnew() throws {
    let set = try TestSet(.detect, count: 3, labels: Self.label)
    let index = try set.index(usesCache: true)
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: index.cachePath)))
    var random = SplitMix64(seed: 3)
    for _ in 0..<FuzzPlan(cases: 200).cases {
      let damaged = mutated(bytes, using: &random)
      guard damaged != bytes else { continue }
      try set.directory.write(damaged, to: "labels/train.yolo-index")
      let found = try set.index(usesCache: true)
      #expect(found.images == index.images)
      #expect(!found.isFromCache)
      #expect(found.notes.count == 1)
    }
    #expect(try set.index(usesCache: true).isFromCache)
  }

  /// Behind a checksum that fits, whatever the numbers are.
  @Test func forgedCacheDoesNotTrap() throws {
    let set = try TestSet(.detect, count: 3, labels: Self.label)
    let index = try set.index(usesCache: true)
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: index.cachePath)))
    var random = SplitMix64(seed: 4)
    for _ in 0..<FuzzPlan(cases: 300).cases {
      var damaged = bytes
      for _ in 0..<3 {
        let at = Int.random(in: 16..<bytes.count, using: &random)
        damaged[at] = [0, 1, 0x7F, 0xFF, 0x80].randomElement(using: &random) ?? 0
      }
      IndexCache.seal(&damaged)
      try set.directory.write(damaged, to: "labels/train.yolo-index")
      let found = try set.index(usesCache: true)
      #expect(found.images.count <= 3)
    }
  }

  @Test func selection() throws {
    let set = try TestSet(.detect, count: 10) { index in
      "0 0.5 0.5 0.2 0.2\n\(index % 3) 0.3 0.3 0.1 0.1\n"
    }
    func index(_ selection: TrainingSelection) throws -> TrainingIndex {
      try TrainingIndex(set.dataset(), selection: selection, usesCache: false)
    }
    #expect(try index(TrainingSelection(fraction: 0.25)).images.count == 2)
    #expect(try index(TrainingSelection(fraction: 0.01)).images.count == 1)
    #expect(try index(TrainingSelection(fraction: 4)).images.count == 4)
    #expect(try index(TrainingSelection(isSingleClass: true)).instancesOfClass == [20, 0, 0])
    let some = try index(TrainingSelection(classes: [1, 2]))
    #expect(some.instancesOfClass == [0, 3, 3])
    #expect(some.background == 4)
    #expect(throws: TrainingDataError.self) { try index(TrainingSelection(fraction: 0)) }
  }

  @Test func polygonsAmongBoxesAreNotUsed() throws {
    let set = try TestSet(.detect, count: 6) { index in
      index < 2 ? "0 0.1 0.1 0.5 0.1 0.5 0.6\n" : Self.label(index)
    }
    let index = try set.index()
    #expect(index.notes.count == 1)
    #expect(index.images.allSatisfy { !$0.labels.hasPolygons })
    #expect(index.images[0].boxes[0].w == 0.5 && index.images[0].boxes[0].z == 0.4)
  }

  @Test func nothingToTrainOn() throws {
    let background = try TestSet(.detect, count: 3) { _ in "" }
    let error = #expect(throws: TrainingDataError.self) { try background.index() }
    #expect("\(try #require(error))".contains("no image of the train part has a label"))
    let broken = try TestSet(.detect, count: 3) { _ in "x\n" }
    let other = #expect(throws: TrainingDataError.self) { try broken.index() }
    #expect("\(try #require(other))".contains("000.txt, line 1"))
  }

  @Test func classDirectories() throws {
    let directory = try TemporaryDirectory()
    var random = SplitMix64(seed: 1)
    for name in ["b", "a"] {
      for index in 0..<3 {
        try directory.write("", to: "train/\(name)/.keep")
        try ImageWriter.write(
          TestSet.image(Size(width: 30, height: 20), using: &random),
          to: directory.path(of: "train/\(name)/\(index).png"))
      }
    }
    try directory.write("", to: "train/b/3.png")
    let dataset = try Dataset.open(path: directory.path, task: .classify)
    let index = try TrainingIndex(dataset)
    #expect(index.images.map(\.classIndex) == [0, 0, 0, 1, 1, 1])
    #expect(index.leftOut == 1)
    #expect(index.instancesOfClass == [3, 3])
    #expect(try TrainingIndex(dataset).isFromCache)
    var settings = LoaderSettings()
    settings.imageSize = 32
    settings.batchSize = 4
    settings.workers = 1
    let loader = try TrainingLoader(index: index, settings: settings)
    loader.begin(epoch: 0)
    var classes: [Int] = []
    while let batch = try loader.next() {
      #expect(batch.pixels.count == batch.count * 3 * 32 * 32)
      #expect(batch.pixels.allSatisfy { (0...1).contains($0) })
      for (path, targets) in zip(batch.paths, batch.targets) {
        #expect(targets.classes == [path.contains("/a/") ? 0 : 1])
        classes += targets.classes
      }
    }
    #expect(classes.sorted() == [0, 0, 0, 1, 1, 1])
  }
}
