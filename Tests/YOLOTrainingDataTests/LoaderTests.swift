import Testing
import YOLODatasets
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOTestSupport
import YOLOTrainingData

@Suite struct LoaderTests {
  private static func boxes(_ index: Int) -> String {
    index % 5 == 4
      ? "" : "\(index % 3) 0.5 0.5 0.4 0.3\n\((index + 1) % 3) 0.3 0.6 0.2 0.2\n"
  }

  private func settings(workers: Int) -> LoaderSettings {
    var settings = LoaderSettings()
    settings.imageSize = 96
    settings.batchSize = 4
    settings.workers = workers
    settings.epochs = 20
    settings.seed = 7
    return settings
  }

  private func batches(
    _ index: TrainingIndex, _ settings: LoaderSettings, epochs: [Int] = [0, 1]
  ) throws -> [TrainingBatch] {
    let loader = try TrainingLoader(index: index, settings: settings)
    var batches: [TrainingBatch] = []
    for epoch in epochs {
      loader.begin(epoch: epoch)
      while let batch = try loader.next() {
        batches.append(batch)
        loader.recycle(batch)
      }
    }
    return batches
  }

  @Test func batchesDoNotDependOnWorkers() throws {
    let set = try TestSet(.detect, count: 18, labels: Self.boxes)
    defer { withExtendedLifetime(set) {} }
    let index = try set.index()
    let expected = try batches(index, settings(workers: 0))
    #expect(expected.count == 10)
    #expect(expected.map(\.count) == [4, 4, 4, 4, 2, 4, 4, 4, 4, 2])
    #expect(Set(expected.prefix(5).flatMap(\.paths)).count == 18)
    #expect(expected.prefix(5).flatMap(\.paths) != expected.suffix(5).flatMap(\.paths))
    for workers in [1, 3] {
      let found = try batches(index, settings(workers: workers))
      #expect(found.map(\.paths) == expected.map(\.paths))
      for (found, expected) in zip(found, expected) {
        #expect(found.pixels == expected.pixels)
        #expect(found.targets.map(\.boxes) == expected.targets.map(\.boxes))
        #expect(found.targets.map(\.classes) == expected.targets.map(\.classes))
      }
    }
  }

  @Test func laterEpochsDoNotDependOnEarlierOnes() throws {
    let set = try TestSet(.detect, count: 10, labels: Self.boxes)
    defer { withExtendedLifetime(set) {} }
    let index = try set.index()
    let both = try batches(index, settings(workers: 1), epochs: [3, 4])
    let second = try batches(index, settings(workers: 1), epochs: [4])
    #expect(both.suffix(3).map(\.pixels) == second.map(\.pixels))
    #expect(both.prefix(3).map(\.pixels) != second.map(\.pixels))
  }

  @Test func lastEpochsHaveNoMosaic() throws {
    let set = try TestSet(.detect, count: 6, labels: { _ in "0 0.5 0.5 0.5 0.5\n" })
    defer { withExtendedLifetime(set) {} }
    let index = try set.index()
    var settings = settings(workers: 0)
    settings.augmentation = .none
    settings.augmentation.mosaic = 1
    settings.closeMosaic = 2
    let open = try batches(index, settings, epochs: [17])
    let closed = try batches(index, settings, epochs: [18, 19])
    #expect(open.flatMap(\.targets).contains { $0.boxes.count > 1 })
    #expect(closed.flatMap(\.targets).allSatisfy { $0.boxes.count == 1 })
  }

  @Test func beginningAnewDropsTheRest() throws {
    let set = try TestSet(.detect, count: 16, labels: Self.boxes)
    defer { withExtendedLifetime(set) {} }
    let index = try set.index()
    let loader = try TrainingLoader(index: index, settings: settings(workers: 2))
    for _ in 0..<5 {
      loader.begin(epoch: 0)
      let first = try #require(try loader.next())
      loader.begin(epoch: 1)
      let other = try #require(try loader.next())
      #expect(first.paths != other.paths)
    }
    loader.begin(epoch: 0, at: 3)
    #expect(try loader.next() != nil)
    #expect(try loader.next() == nil)
    loader.begin(epoch: 2)
    loader.stop()
    #expect(try loader.next() == nil)
  }

  @Test func recycledMemoryIsUsedAgain() throws {
    let set = try TestSet(.detect, count: 16, labels: Self.boxes)
    defer { withExtendedLifetime(set) {} }
    let loader = try TrainingLoader(index: set.index(), settings: settings(workers: 0))
    var addresses: Set<UnsafePointer<Float>> = []
    for epoch in 0..<3 {
      loader.begin(epoch: epoch)
      while let batch = try loader.next() {
        try batch.pixels.withUnsafeBufferPointer {
          _ = addresses.insert(try #require($0.baseAddress))
        }
        loader.recycle(batch)
      }
    }
    #expect(addresses.count == 1)
  }

  @Test func unreadableImageIsNamed() throws {
    let set = try TestSet(.detect, count: 8, labels: Self.boxes)
    let index = try set.index()
    try set.directory.write("no image", to: "images/train/003.png")
    for workers in [0, 2] {
      let loader = try TrainingLoader(index: index, settings: settings(workers: workers))
      loader.begin(epoch: 0)
      let error = #expect(throws: TrainingDataError.self) {
        while try loader.next() != nil {}
      }
      #expect("\(try #require(error))".contains("003.png"))
      #expect(try loader.next() == nil)
    }
  }
}
