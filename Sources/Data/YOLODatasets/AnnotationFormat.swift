import YOLOSystem

/// Annotations of other programs, which are not read: they are named instead of left out.
enum AnnotationFormat {
  /// The suffixes of archives.
  static let archiveSuffixes: Set<String> = [
    "7z", "bz2", "gz", "rar", "tar", "tgz", "xz", "zip", "zst",
  ]
  /// Enough of a file to tell what it is.
  private static let prefixBytes = 1 << 16

  /// Returns the first file of annotations that are not read, and what they are.
  static func first(of files: [String]) throws(DatasetError) -> (path: String, name: String)? {
    for file in files {
      if let name = try name(of: file) { return (file, name) }
    }
    return nil
  }

  private static func name(of file: String) throws(DatasetError) -> String? {
    switch FilePath.suffix(file) {
    case "record", "tfrecord": return "TFRecord"
    case "parquet": return "Parquet"
    case "json":
      let text = try text(of: file)
      if text.contains("\"annotations\""), text.contains("\"images\"") { return "COCO JSON" }
      if text.contains("\"shapes\"") { return "LabelMe JSON" }
      if text.contains("\"regions\"") { return "VIA JSON" }
      if text.contains("\"annotations\"") { return "COCO JSON" }
      return nil
    case "xml":
      let text = try text(of: file)
      if text.contains("<annotations") { return "CVAT XML" }
      return text.contains("<annotation") ? "Pascal VOC XML" : nil
    case "csv":
      let header = try text(of: file).prefix { !$0.isNewline }.lowercased()
      return header.contains("xmin") || header.contains("x_min") ? "CSV" : nil
    default: return nil
    }
  }

  private static func text(of file: String) throws(DatasetError) -> String {
    do throws(FileError) {
      return String(decoding: try RegularFile(opening: file).prefix(prefixBytes), as: UTF8.self)
    } catch {
      throw DatasetError.unreadable(path: file, reason: error.message)
    }
  }
}
