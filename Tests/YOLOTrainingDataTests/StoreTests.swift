import Foundation
import Testing
import YOLODatasets
import YOLOGeometry
import YOLOImage
import YOLOTestSupport
import YOLOTrainingData

@Suite struct StoreTests {
  private func set(_ count: Int = 5) throws -> TestSet {
    try TestSet(.detect, count: count) { _ in "0 0.5 0.5 0.5 0.5\n" }
  }

  @Test func modesGiveTheSameImages() throws {
    let set = try set()
    let index = try set.index()
    let plain = try ImageStore(index: index, imageSize: 64, mode: .none, capacity: 1)
    for mode in [ImageCacheMode.ram, .disk, .disk] {
      let store = try ImageStore(index: index, imageSize: 64, mode: mode, capacity: 1)
      for _ in 0..<2 {
        for image in index.images.indices {
          let found = try store.image(image)
          #expect(found == (try plain.image(image)))
          #expect(max(found.width, found.height) == 64)
        }
      }
    }
    #expect(try set.dataset().images(of: "train").count == 5)
  }

  @Test func storedImagesFollowTheirSource() throws {
    let set = try set()
    let index = try set.index()
    func image() throws -> Image {
      try ImageStore(index: index, imageSize: 64, mode: .disk, capacity: 1).image(0)
    }
    let first = try image()
    let file = StoredImage.path(index.images[0].path, 64)
    #expect(FileManager.default.fileExists(atPath: file))
    // A damaged file is made anew.
    try Data([1, 2, 3]).write(to: URL(filePath: file))
    #expect(try image() == first)
    try FileManager.default.removeItem(atPath: set.path(imageAt: 0))
    try FileManager.default.copyItem(atPath: set.path(imageAt: 1), toPath: set.path(imageAt: 0))
    #expect(try image() != first)
  }

  @Test func unwritableDirectoryIsTold() throws {
    let set = try set()
    let index = try set.index()
    // A file where the directory would be.
    try set.directory.write("", to: "images/train/.yolo-pixels")
    let notes = Notes()
    let store = try ImageStore(
      index: index, imageSize: 64, mode: .disk, capacity: 1, report: { notes.add($0) })
    for image in index.images.indices { _ = try store.image(image) }
    #expect(notes.all.count == 1)
    #expect(notes.all[0].contains(".yolo-pixels"))
  }

  @Test func sizes() {
    #expect(ImageStore.resized(Size(width: 100, height: 33), to: 64) == Size(width: 64, height: 22))
    #expect(ImageStore.resized(Size(width: 33, height: 100), to: 64) == Size(width: 22, height: 64))
    #expect(ImageStore.resized(Size(width: 1, height: 5000), to: 64) == Size(width: 1, height: 64))
    #expect(ImageStore.resized(Size(width: 64, height: 64), to: 64) == Size(width: 64, height: 64))
  }

  @Test func multiScaleSizes() {
    var sizes: Set<Int> = []
    for stream in 0..<400 {
      var draws = Draws(seed: 1, epoch: 0, stream: stream, purpose: .size)
      let size = BatchResize.size(
        of: Size(width: 160, height: 160), imageSize: 160, fraction: 0.5, unit: 32, draws: &draws)
      #expect(size.width == size.height)
      sizes.insert(size.width)
    }
    // As upstream: 64 to 256 for 160 and 0.5.
    #expect(sizes == [64, 96, 128, 160, 192, 224, 256])
  }

  @Test func multiScaleBatches() throws {
    let set = try set(9)
    var settings = LoaderSettings()
    settings.imageSize = 64
    settings.batchSize = 3
    settings.multiScale = 0.5
    settings.workers = 0
    let loader = try TrainingLoader(index: try set.index(), settings: settings)
    var sizes: Set<Int> = []
    for epoch in 0..<4 {
      loader.begin(epoch: epoch)
      while let batch = try loader.next() {
        #expect(batch.pixels.count == batch.count * 3 * batch.width * batch.height)
        #expect(batch.pixels.allSatisfy { (0...1).contains($0) })
        sizes.insert(batch.width)
        loader.recycle(batch)
      }
    }
    #expect(sizes.count > 1 && sizes.isSubset(of: [32, 64, 96]))
  }

  @Test func rectangularBatches() throws {
    let set = try set(12)
    let index = try set.index()
    var settings = LoaderSettings()
    settings.imageSize = 256
    settings.batchSize = 3
    settings.isRectangular = true
    settings.workers = 0
    let loader = try TrainingLoader(index: index, settings: settings)
    loader.begin(epoch: 0)
    var ratios: [Double] = []
    while let batch = try loader.next() {
      #expect(batch.width % 32 == 0 && batch.height % 32 == 0)
      #expect(max(batch.width, batch.height) == 256)
      for path in batch.paths {
        let image = try #require(index.images.first { $0.path == path })
        ratios.append(Double(image.size.height) / Double(image.size.width))
        let inner = ImageStore.resized(image.size, to: 256)
        #expect(inner.width <= batch.width && inner.height <= batch.height)
      }
    }
    #expect(ratios == ratios.sorted())
  }

  @Test func settingsAreChecked() throws {
    let index = try set().index()
    func error(_ change: (inout LoaderSettings) -> Void) -> String {
      var settings = LoaderSettings()
      change(&settings)
      let error = #expect(throws: TrainingDataError.self) {
        try TrainingLoader(index: index, settings: settings)
      }
      return error.map { "\($0)" } ?? ""
    }
    #expect(error { $0.batchSize = 0 }.hasPrefix("batch must be"))
    #expect(error { $0.augmentation.mosaic = 1.5 }.hasPrefix("mosaic must be"))
    #expect(error { $0.augmentation.hue = .nan }.hasPrefix("hsv_h must be"))
    #expect(error { $0.multiScale = 1 }.hasPrefix("multi_scale must be"))
    #expect(error { $0.imageSize = 1 << 20 }.hasPrefix("imgsz must be"))
    #expect(error { $0.masks.ratio = 0 }.hasPrefix("mask_ratio must be"))
  }
}

/// Sentences that were reported, from any thread.
private final class Notes: @unchecked Sendable {
  private let lock = NSLock()
  private var notes: [String] = []

  func add(_ note: String) { lock.withLock { notes.append(note) } }
  var all: [String] { lock.withLock { notes } }
}
