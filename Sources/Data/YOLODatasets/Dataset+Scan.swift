import YOLOSystem

/// What a training needs to know of label files beyond what an evaluation does.
extension Dataset {
  /// The labels of an image, and everything that is wrong with its label file.
  package struct LabelScan: Sendable {
    /// The labels of the sound rows.
    package let labels: ImageLabels
    /// What was found, each with its line; an error rules the image out, a warning does not.
    package let faults: [DatasetFault]
  }

  /// Reads the labels of an image as far as its rows are what the task needs; an image without a
  /// label file has none.
  package func scannedLabels(ofImage image: String) -> LabelScan {
    let path = Self.labelPath(ofImage: image)
    guard FileSystem.exists(path) else {
      return LabelScan(labels: ImageLabels(instances: [], duplicates: 0), faults: [])
    }
    do throws(DatasetError) {
      let bytes = try DatasetFiles.read(path, maximumBytes: LabelReader.maximumBytes)
      let reader = LabelReader(
        path: path, task: task, classCount: names.count, keypointShape: keypointShape)
      let scan = try reader.scan(bytes)
      var faults = scan.faults.map { DatasetFault($0) }
      if let line = scan.repeatedLine {
        faults.append(
          DatasetFault(
            .warning, .repeatedLabel, path, line: line,
            "\(path), line \(line): rows that occur before, which count once: "
              + "\(scan.labels.duplicates)"))
      }
      return LabelScan(labels: scan.labels, faults: faults)
    } catch {
      return LabelScan(
        labels: ImageLabels(instances: [], duplicates: 0), faults: [DatasetFault(error)])
    }
  }
}

extension DatasetFault {
  /// The fault of an image that cannot be decoded; the message begins with its path.
  package static func unreadable(image path: String, message: String) -> DatasetFault {
    DatasetFault(.error, .unreadableImage, path, message)
  }

  /// A fault that was kept in a file.
  package init(
    stored severity: Severity, _ kind: Kind, _ path: String, line: Int?, _ message: String
  ) {
    self.init(severity, kind, path, line: line, message)
  }

  /// The fault of an image that is too small.
  package static func tooSmall(_ error: DatasetError) -> DatasetFault { DatasetFault(error) }
}
