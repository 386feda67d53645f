public import YOLOGeometry
import YOLOSystem

/// The table of the epochs, `results.csv`, as Ultralytics writes it.
///
/// Rows are appended with one write each. A row that a crash has cut off is left out when the file
/// is read, and removed before the next is appended.
public struct ResultsFile: Sendable, Hashable {
  /// The path.
  public let path: String

  /// The maximum number of bytes that are read.
  private static let maximumBytes = 256 << 20

  /// Describes a file that need not be there yet.
  public init(path: String) { self.path = path }

  /// Appends the row of an epoch, after the names of the columns if it is the first.
  ///
  /// - Parameters:
  ///   - record: The epoch.
  ///   - task: The task, which says what the figures are.
  /// - Throws: The reason why the file cannot be written.
  public func append(
    _ record: EpochRecord, task: VisionTask
  ) throws(RunDirectory.Failure) {
    try append(record.columns(for: task))
  }

  /// Appends a row.
  package func append(_ columns: [NamedValue]) throws(RunDirectory.Failure) {
    let row = columns.map { Self.number($0.value) }.joined(separator: ",") + "\n"
    do throws(FileError) {
      let descriptor = open(path.pathCharacters, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
      defer { close(descriptor) }
      let end = try Self.wholeLines(descriptor, path)
      let text = end == 0 ? columns.map(\.name).joined(separator: ",") + "\n" + row : row
      guard ftruncate(descriptor, end) == 0, lseek(descriptor, end, SEEK_SET) == end else {
        throw FileError(lastErrorAt: path)
      }
      let failure = Array(text.utf8).withUnsafeBytes { FileSystem.write($0, to: descriptor) }
      if let failure {
        ftruncate(descriptor, end)
        throw FileError(path, .system(failure))
      }
    } catch {
      throw RunDirectory.Failure(error)
    }
  }

  /// The number of bytes of the file up to the end of the last whole line.
  private static func wholeLines(_ descriptor: Int32, _ path: String) throws(FileError) -> off_t {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(lastErrorAt: path) }
    var end = status.st_size
    var byte: UInt8 = 0
    while end > 0 {
      guard pread(descriptor, &byte, 1, end - 1) == 1 else { throw FileError(lastErrorAt: path) }
      if byte == UInt8(ascii: "\n") { return end }
      end -= 1
    }
    return 0
  }

  /// Reads the table.
  ///
  /// - Returns: The columns in order, each with a value for each epoch; no columns for a file that
  ///   is not there or empty. A row of another number of values than there are columns is left out.
  /// - Throws: The reason why the file cannot be read.
  public func columns() throws(RunDirectory.Failure) -> [(name: String, values: [Double])] {
    guard FileSystem.exists(path) else { return [] }
    let lines = try lines()
    guard let head = lines.first else { return [] }
    let names = head.split(separator: ",", omittingEmptySubsequences: false)
      .map { String($0).trimmed }
    var values = names.map { _ in [Double]() }
    for line in lines.dropFirst() {
      let row = line.split(separator: ",", omittingEmptySubsequences: false)
        .compactMap { Double(String($0).trimmed) }
      guard row.count == names.count else { continue }
      for (column, value) in row.enumerated() { values[column].append(value) }
    }
    return Array(zip(names, values))
  }

  /// Reads the table as records of its epochs.
  ///
  /// - Parameters:
  ///   - epochs: The number of epochs of the training.
  ///   - task: The task.
  /// - Returns: A record for each row, see ``EpochRecord``; none for a file that is not there.
  /// - Throws: The reason why the file cannot be read.
  package func records(
    epochs: Int, task: VisionTask
  ) throws(RunDirectory.Failure) -> [EpochRecord] {
    let columns = try columns()
    var best: Double?
    return (0..<(columns.first?.values.count ?? 0)).compactMap { row in
      let record = EpochRecord(
        columns.map { NamedValue($0.name, $0.values[row]) }, epochs: epochs, task: task, best: best)
      if let record, record.isBest { best = record.fitness }
      return record
    }
  }

  /// Removes the rows of epochs above a number, before a training is resumed after it.
  ///
  /// - Parameter epoch: The last epoch that stays, counted from 1.
  /// - Throws: The reason why the file cannot be read or written.
  public func removeRows(after epoch: Int) throws(RunDirectory.Failure) {
    guard FileSystem.exists(path) else { return }
    let lines = try lines()
    let kept =
      lines.prefix(1)
      + lines.dropFirst().filter { line in
        let first = line.split(separator: ",").first.flatMap { Double(String($0).trimmed) }
        return (first ?? .infinity) <= Double(epoch)
      }
    guard kept.count < lines.count else { return }
    do throws(FileError) {
      // This run has read the file, and may write it nevertheless.
      try AtomicFile.write(
        Array(kept.map { "\($0)\n" }.joined().utf8), to: path, rewrites: true)
    } catch {
      throw RunDirectory.Failure(error)
    }
  }

  /// The whole lines of the file.
  private func lines() throws(RunDirectory.Failure) -> [Substring] {
    do throws(FileError) {
      let bytes = try FileSystem.read(path, maximumBytes: Self.maximumBytes)
      let end = bytes.lastIndex(of: UInt8(ascii: "\n")) ?? 0
      return String(decoding: bytes[..<end], as: UTF8.self).split(whereSeparator: \.isNewline)
    } catch {
      throw RunDirectory.Failure(error)
    }
  }

  /// Returns a number with six digits, as C's format `%g` and Python have it.
  static func number(_ value: Double) -> String {
    value.isNaN ? "nan" : value.isInfinite ? (value < 0 ? "-inf" : "inf") : value.general
  }
}
