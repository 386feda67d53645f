#if Server
import GRDB
import Synchronization
import YOLOGeometry

/// What is counted of the images and labels of a dataset, besides its classes.
struct DatasetStatistics: Sendable, Encodable {
  /// A bar of a histogram.
  struct Bin: Sendable, Encodable {
    /// Where it begins.
    let bin: Double
    let count: Int
    /// How wide it is.
    let size: Double
  }

  /// How often each pair of values occurs, in rows from the top and columns from the left.
  struct LocationMap: Sendable, Encodable {
    let bins: [[Int]]
    let maxCount: Int
  }

  /// How often images of a size occur.
  struct SizeMap: Sendable, Encodable {
    let bins: [[Int]]
    let maxCount: Int
    let minWidth: Int
    let maxWidth: Int
    let minHeight: Int
    let maxHeight: Int
  }

  /// The images that are looked at at most; of more every n-th.
  static let sampleLimit = 10_000
  private static let histogramBins = 20
  private static let mapSide = 32

  let widths: [Bin]
  let heights: [Bin]
  let points: [Bin]
  let formats: [String: Int]
  let fileSizes: [Bin]
  let objects: [Bin]
  let boxWidths: [Bin]
  let boxHeights: [Bin]
  let boxWidthFractions: [Bin]
  let boxHeightFractions: [Bin]
  let locations: LocationMap
  let sizes: SizeMap
  /// How many images were looked at if these are not all.
  let sampleSize: Int?

  /// What is looked at of an image.
  struct Sample: Sendable {
    let name: String
    let bytes: Int
    let width: Int
    let height: Int
    let rows: [[Float]]
  }

  /// Counts images.
  ///
  /// - Parameters:
  ///   - samples: The images.
  ///   - isWhole: Whether these are all of the dataset.
  ///   - task: What the labels are for.
  init(_ samples: [Sample], isWhole: Bool, task: VisionTask) {
    var points: [Double] = []
    var boxes: [(width: Double, height: Double, image: Sample)] = []
    var locations = [[Int]](
      repeating: [Int](repeating: 0, count: Self.mapSide), count: Self.mapSide)
    for sample in samples {
      for row in sample.rows {
        guard let box = Self.box(of: row, task) else { continue }
        boxes.append((box.width, box.height, sample))
        if task == .segment { points.append(Double((row.count - 1) / 2)) }
        locations[Self.cell(box.y)][Self.cell(box.x)] += 1
      }
    }
    let widths = samples.map { Double($0.width) }
    let heights = samples.map { Double($0.height) }
    self.widths = Self.histogram(widths)
    self.heights = Self.histogram(heights)
    self.points = Self.histogram(points)
    formats = samples.reduce(into: [:]) {
      $0[ImageRow.suffix(of: $1.name).lowercased(), default: 0] += 1
    }
    fileSizes = Self.histogram(samples.map { Double($0.bytes) })
    objects = Self.histogram(samples.map { Double($0.rows.count) })
    boxWidths = Self.histogram(boxes.map { ($0.width * Double($0.image.width)).rounded() })
    boxHeights = Self.histogram(boxes.map { ($0.height * Double($0.image.height)).rounded() })
    boxWidthFractions = Self.fractions(boxes.map(\.width))
    boxHeightFractions = Self.fractions(boxes.map(\.height))
    self.locations = LocationMap(
      bins: locations, maxCount: locations.joined().max() ?? 0)
    sizes = Self.sizeMap(samples)
    sampleSize = isWhole ? nil : samples.count
  }

  /// The center and the size of what a row labels.
  private static func box(
    of row: [Float], _ task: VisionTask
  ) -> (x: Double, y: Double, width: Double, height: Double)? {
    switch task {
    case .classify, .semantic, .depth: return nil
    case .detect, .pose:
      guard row.count >= 5 else { return nil }
      return (Double(row[1]), Double(row[2]), Double(row[3]), Double(row[4]))
    case .segment, .obb:
      guard let box = ImageLabel(row: row, task: .segment)?.row(.detect), box.count == 5 else {
        return nil
      }
      return (Double(box[1]), Double(box[2]), Double(box[3]), Double(box[4]))
    }
  }

  private static func cell(_ fraction: Double) -> Int {
    min(mapSide - 1, max(0, Int(fraction * Double(mapSide))))
  }

  private static func histogram(_ values: [Double]) -> [Bin] {
    guard let least = values.min(), let most = values.max() else { return [] }
    let width = max(1, ((most - least + 1) / Double(histogramBins)).rounded(.up))
    return bins(values, from: least, width: width)
  }

  private static func fractions(_ values: [Double]) -> [Bin] {
    bins(values.map { min(max($0, 0), 1 - 1e-9) }, from: 0, width: 1 / Double(histogramBins))
  }

  private static func bins(_ values: [Double], from start: Double, width: Double) -> [Bin] {
    let counts = values.reduce(into: [Int: Int]()) {
      $0[Int(($1 - start) / width), default: 0] += 1
    }
    return counts.sorted { $0.key < $1.key }.map {
      let bin = start + Double($0.key) * width
      return Bin(bin: (bin * 1e6).rounded() / 1e6, count: $0.value, size: width)
    }
  }

  private static func sizeMap(_ samples: [Sample]) -> SizeMap {
    let (widths, heights) = (samples.map(\.width), samples.map(\.height))
    let (left, right) = (widths.min() ?? 0, widths.max() ?? 0)
    let (top, bottom) = (heights.min() ?? 0, heights.max() ?? 0)
    var bins = [[Int]](repeating: [Int](repeating: 0, count: mapSide), count: mapSide)
    for sample in samples {
      let column = (sample.width - left) * mapSide / (right - left + 1)
      let row = (sample.height - top) * mapSide / (bottom - top + 1)
      bins[row][column] += 1
    }
    return SizeMap(
      bins: bins, maxCount: bins.joined().max() ?? 0, minWidth: left, maxWidth: right,
      minHeight: top, maxHeight: bottom)
  }
}

extension DatasetRepository {
  /// What is counted of a class.
  struct ClassCount: Sendable, Hashable {
    let index: Int
    let labels: Int
    let images: Int
  }

  /// Counts the labels of each class and the images with such labels.
  func classCounts(of dataset: DatasetRow) async throws(PlatformError) -> [ClassCount] {
    try await database.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT class, sum(labels) AS labels, count(*) AS images FROM imageClass
          WHERE dataset = ? GROUP BY class
          """, arguments: [dataset.id]
      ).map { ClassCount(index: $0["class"], labels: $0["labels"], images: $0["images"]) }
    }
  }

  /// Reads the images that statistics are made of, page by page.
  func statistics(of dataset: DatasetRow) async throws(PlatformError) -> DatasetStatistics {
    let stride =
      (dataset.images + DatasetStatistics.sampleLimit - 1)
      / DatasetStatistics.sampleLimit
    var samples: [DatasetStatistics.Sample] = []
    var cursor = ""
    while samples.count < DatasetStatistics.sampleLimit {
      let (page, last) = try await database.read { [cursor] database in
        let ids = try String.fetchAll(
          database, sql: "SELECT id FROM image WHERE dataset = ? AND id > ? ORDER BY id LIMIT ?",
          arguments: [dataset.id, cursor, 500 * max(1, stride)])
        let wanted = ids.indices.filter { $0.isMultiple(of: max(1, stride)) }.map { ids[$0] }
        let rows = try Row.fetchAll(
          database,
          sql: """
            SELECT name, bytes, width, height, rows FROM image
            WHERE id IN (SELECT value FROM json_each(?))
            """, arguments: [StoredJSON(texts: wanted)])
        let samples = rows.map { row in
          DatasetStatistics.Sample(
            name: row["name"], bytes: row["bytes"], width: row["width"], height: row["height"],
            rows: (row["rows"] as StoredJSON?).map { ImageTable.numbers(of: $0.value) } ?? [])
        }
        return (samples, ids.last)
      }
      samples += page
      guard let last else { break }
      cursor = last
    }
    return DatasetStatistics(samples, isWhole: stride <= 1, task: dataset.task)
  }
}

/// What was counted of datasets in a state of theirs.
final class StatisticsCache: Sendable {
  private static let limit = 64

  private struct Entry {
    let revision: Int
    let statistics: DatasetStatistics
    let counts: [DatasetRepository.ClassCount]
  }

  private let entries = Mutex<[String: Entry]>([:])

  /// Returns what was counted of a dataset as it is.
  func find(
    _ dataset: DatasetRow
  ) -> (statistics: DatasetStatistics, counts: [DatasetRepository.ClassCount])? {
    entries.withLock { entries in
      entries[dataset.id].flatMap {
        $0.revision == dataset.revision ? ($0.statistics, $0.counts) : nil
      }
    }
  }

  /// Keeps what was counted; something else is forgotten for it if there is too much.
  func keep(
    _ statistics: DatasetStatistics, _ counts: [DatasetRepository.ClassCount],
    of dataset: DatasetRow
  ) {
    entries.withLock { entries in
      if entries.count >= Self.limit, entries[dataset.id] == nil,
        let other = entries.keys.first
      {
        entries[other] = nil
      }
      entries[dataset.id] = Entry(
        revision: dataset.revision, statistics: statistics, counts: counts)
    }
  }
}
#endif
