import YOLOSystem

/// Where the storages of a torch file lie, by the keys that its pickle has.
struct StorageTable: Sendable {
  /// The bytes that deflated storages may take beyond a multiple of the file's.
  private static let expansionBase = 64 << 20
  /// How often larger than the file all deflated storages together may be.
  private static let expansionFactor = 16

  private enum Source: Sendable {
    /// Entries `data/KEY` below the directory of an archive.
    case archive(ZipArchive, root: String)
    /// Ranges of a file that is no archive.
    case ranges([String: Range<Int>])
  }

  /// The file.
  let file: MappedFile
  private let source: Source
  /// The deflated storages that were asked for.
  private var inflated: [String: FileRegion] = [:]
  private var inflatedBytes = 0
  /// Storages that are in no file, by their keys.
  private var own: [String: FileRegion] = [:]
  /// The bytes of the file and of the storages that are in none.
  private(set) var byteCount: Int

  /// Creates the table of an archive whose entries lie in a directory; `root` ends in its slash,
  /// and is empty for none.
  init(_ archive: ZipArchive, root: String) {
    file = archive.file
    byteCount = archive.file.count
    source = .archive(archive, root: root)
  }

  /// Creates the table of a file that is no archive.
  init(_ file: MappedFile, ranges: [String: Range<Int>]) {
    self.file = file
    source = .ranges(ranges)
    byteCount = file.count
  }

  /// Adds a storage that is in no file, in place of the one that had its key.
  mutating func add(_ region: FileRegion, key: String) {
    byteCount += region.range.count
    own[key] = region
  }

  /// Returns the bytes of a storage, or nil if the file lacks it.
  ///
  /// - Throws: `WeightError.invalidArchive`, or `limitExceeded` where deflated storages are
  ///   together much larger than the file.
  mutating func region(of key: String) throws(WeightError) -> FileRegion? {
    if let region = own[key] { return region }
    switch source {
    case .ranges(let ranges): return ranges[key].map { FileRegion(file: file, range: $0) }
    case .archive(let archive, let root):
      guard let entry = archive["\(root)data/\(key)"] else { return nil }
      guard entry.isDeflated else { return try archive.content(of: entry) }
      if let known = inflated[key] { return known }
      let limit = Self.expansionFactor * file.count + Self.expansionBase
      inflatedBytes += entry.size
      guard inflatedBytes <= limit else {
        throw .limitExceeded(
          file: file.name, at: entry.name, what: "decompressed bytes", limit: limit)
      }
      let region = try archive.content(of: entry)
      inflated[key] = region
      return region
    }
  }
}
