import YOLOSystem

extension TorchDocument {
  /// Writes the document as `torch.save` does.
  ///
  /// Storages go to the file one by one, from where they are. The file appears under its name only
  /// when it is complete and on the disk; a file that is there is replaced, even if this run reads
  /// or has written it.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - stem: The name of the directory in the archive, torch's is the name of the file without
  ///     its suffix; nil for that.
  /// - Throws: `WeightError.unwritableFile`, or what an object that cannot be written throws.
  package func write(to path: String, stem: String? = nil) throws(WeightError) {
    let (pickle, used) = try PickleWriter.write(graph, file: name)
    var table = storages
    var payloads: [StorageContent] = []
    for storage in used { payloads.append(try content(of: storage, &table)) }
    do throws(FileError) {
      let output = try AtomicFile(path: path, rewrites: true)
      var archive = ZipWriter(to: output)
      let root = stem ?? Self.stem(of: path)
      try archive.add("\(root)/data.pkl", pickle)
      try archive.add("\(root)/.format_version", Array("1".utf8))
      try archive.add("\(root)/.storage_alignment", Array("\(ZipWriter.alignment)".utf8))
      try archive.add("\(root)/byteorder", Array("little".utf8))
      for (number, payload) in payloads.enumerated() {
        try archive.add("\(root)/data/\(number)", byteCount: payload.byteCount) {
          (sink) throws(FileError) in try payload.write(to: sink)
        }
      }
      try archive.add("\(root)/version", Array("3\n".utf8))
      try archive.add(
        "\(root)/.data/serialization_id", Self.identity(archive.checksums, payloads.count))
      try archive.finish()
      try output.commit(synchronizes: true)
    } catch {
      throw WeightError(writing: error)
    }
  }

  /// Where the bytes of a storage come from, checked against its size.
  private func content(
    of storage: PickleWriter.Storage, _ table: inout StorageTable
  ) throws(WeightError) -> StorageContent {
    func unusable(_ reason: String) -> WeightError {
      .invalidTensor(file: name, tensor: "data/\(storage.key)", reason: reason)
    }
    let (byteCount, overflow) = storage.count.multipliedReportingOverflow(by: storage.elementSize)
    guard !overflow else { throw unusable("it has too many elements") }
    let content: StorageContent
    if let known = contents[storage.key] {
      content = known
    } else {
      guard var region = try table.region(of: storage.key) else {
        throw unusable("the archive lacks its data")
      }
      if let part = storage.part {
        let (skipped, isBeyond) = part.lowerBound.multipliedReportingOverflow(
          by: storage.elementSize)
        guard !isBeyond, skipped <= region.range.count,
          byteCount <= region.range.count - skipped
        else { throw unusable("its part reaches outside of it") }
        let start = region.range.lowerBound + skipped
        region = FileRegion(file: region.file, range: start..<start + byteCount)
      }
      content = .region(region)
    }
    guard content.byteCount == byteCount else {
      throw unusable("it has \(content.byteCount) bytes, not \(byteCount)")
    }
    return content
  }

  /// The name of a file without directory and suffix; torch takes "archive" where nothing is left.
  private static func stem(of path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? ""
    let stem = file.split(separator: ".", omittingEmptySubsequences: false).dropLast()
      .joined(separator: ".")
    let name = stem.isEmpty ? file : stem
    return name.isEmpty || name == "." || name == ".." ? "archive" : name
  }

  /// Forty digits that tell two files apart: twenty of the entries' number, twenty of what they
  /// hold.
  private static func identity(_ checksums: [UInt32], _ count: Int) -> [UInt8] {
    var mixed: UInt64 = 0xCBF2_9CE4_8422_2325
    for checksum in checksums {
      mixed = (mixed ^ UInt64(checksum)) &* 0x0000_0100_0000_01B3
    }
    func digits(_ number: UInt64) -> String {
      let text = String(number)
      return String(repeating: "0", count: 20 - text.count) + text
    }
    return Array((digits(UInt64(count)) + digits(mixed)).utf8)
  }
}
