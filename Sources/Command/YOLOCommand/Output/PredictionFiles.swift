import ArgumentParser
import YOLO
import YOLODrawing
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOPostprocess
import YOLOSystem

/// What `yolo predict --save` writes: annotated images and videos, labels and crops, with names of
/// their own for each source.
struct PredictionFiles {
  /// What is written.
  struct Contents {
    var annotates = true
    var labels = false
    var confidences = false
    var crops = false
  }

  /// What the files are written through.
  let files: OutputFiles
  /// How results are drawn.
  let drawing: DrawingOptions
  private let contents: Contents
  private let directory: OutputDirectory
  /// The names of the annotated files by the position of their source.
  private let names: [String]
  /// The beginnings of the names of labels and crops by the position of their source.
  private let stems: [String]

  private static let labelDirectory = "labels"
  private static let cropDirectory = "crops"

  /// Chooses names for the files of each source, and checks that all may be written.
  ///
  /// An image keeps its name, with `.jpg` behind it where it is neither JPEG nor PNG; so does a
  /// video, with `.mp4` behind it where it is no MP4. Labels and crops have the name without its
  /// suffix. See ``OutputNames`` for names that meet.
  init(
    _ path: String, sources: [InputSource], files: OutputFiles, contents: Contents,
    drawing: DrawingOptions
  ) throws(ImageIOError) {
    self.files = files
    self.drawing = drawing
    self.contents = contents
    let isMoving = sources.map { $0.isMoving }
    names = OutputNames.distinct(
      zip(sources, isMoving).map { source, isMoving in
        Self.name(source.fileName, suffixes: isMoving ? ["mp4"] : ["jpg", "jpeg", "png"])
      })
    stems = OutputNames.distinct(
      sources.map { OutputNames.stem(of: $0.fileName) + ".txt" }
    ).map { String($0.dropLast(4)) }
    directory = try OutputDirectory(path, files: files, names: contents.annotates ? names : [])
    if contents.labels {
      let labels = directory.path(of: Self.labelDirectory)
      try OutputDirectory.make(labels)
      for (stem, isMoving) in zip(stems, isMoving) where !isMoving {
        try files.check(FilePath.joined(labels, stem + ".txt"))
      }
      try checkSeries(in: labels, of: zip(stems, isMoving).filter(\.1).map(\.0))
    }
    if contents.crops {
      let crops = directory.path(of: Self.cropDirectory)
      try OutputDirectory.make(crops)
      for name in (try? FileSystem.entries(of: crops)) ?? [] {
        try checkSeries(in: FilePath.joined(crops, name), of: stems)
      }
    }
  }

  /// Checks that a directory has no files like those that some sources will get, of which nobody
  /// knows the number: `STEM.jpg`, `STEM-2.jpg`, `STEM_7.jpg`.
  private func checkSeries(in path: String, of stems: [String]) throws(ImageIOError) {
    guard !files.overwrites, FileSystem.isDirectory(path) else { return }
    let stems = Set(stems)
    for name in (try? FileSystem.entries(of: path)) ?? [] {
      var stem = OutputNames.stem(of: name)[...]
      while true {
        if stems.contains(String(stem)) { try files.check(FilePath.joined(path, name)) }
        guard let end = stem.lastIndex(where: { $0 == "-" || $0 == "_" }) else { break }
        stem = stem[..<end]
      }
    }
  }

  /// Returns a name with one of some suffixes; the first is added to a name that has none of them.
  private static func name(_ name: String, suffixes: [String]) -> String {
    let suffix = name.dropFirst(OutputNames.stem(of: name).count).dropFirst().lowercased()
    return suffixes.contains(suffix) ? name : "\(name).\(suffixes[0])"
  }

  /// The path of the annotated video of a source; nil if there is to be none.
  func videoPath(ofSource index: Int) -> String? {
    contents.annotates ? directory.path(of: names[index]) : nil
  }

  /// Writes what there is to write of an image, or of a frame of a video by its number from 1; the
  /// annotated frame is not among it.
  func write(
    _ results: Results, of image: Image, source index: Int, frame: Int? = nil
  ) throws(ImageIOError) {
    let stem = stems[index] + (frame.map { "_\($0)" } ?? "")
    if contents.annotates, frame == nil {
      try directory.write(results.drawn(on: image, options: drawing), named: names[index])
    }
    if contents.labels {
      let text = results.labels(includesConfidence: contents.confidences)
      try files.write(text, to: directory.path(of: "\(Self.labelDirectory)/\(stem).txt"))
    }
    if contents.crops { try writeCrops(results, of: image, stem: stem) }
  }

  /// Writes the parts of an image that show its objects: `crops/CLASS/STEM.jpg`, `STEM-2.jpg`.
  private func writeCrops(
    _ results: Results, of image: Image, stem: String
  ) throws(ImageIOError) {
    var counts: [String: Int] = [:]
    for instance in results.instances {
      guard let crop = image.crop(around: instance.box) else { continue }
      let name = Self.directoryName(instance.className)
      let path = directory.path(of: "\(Self.cropDirectory)/\(name)")
      try OutputDirectory.make(path)
      let number = counts[name, default: 0] + 1
      counts[name] = number
      let file = FilePath.joined(path, stem + (number == 1 ? "" : "-\(number)") + ".jpg")
      try files.write(try ImageWriter.jpeg(crop), to: file)
    }
  }

  /// Returns the name of a directory for a class, whatever a checkpoint calls it.
  private static func directoryName(_ className: String) -> String {
    var name = ""
    for scalar in className.unicodeScalars {
      let isKept = scalar != "/" && scalar.properties.generalCategory != .control
      name.unicodeScalars.append(isKept ? scalar : "_")
      if name.utf8.count >= 100 { break }
    }
    if name.hasPrefix(".") { name = "_" + name.dropFirst() }
    return name.isEmpty ? "_" : name
  }
}

extension Image {
  /// Returns the part around a box as it is shown, a little larger as Ultralytics has it; nil where
  /// that is empty.
  fileprivate func crop(around box: Box) -> Image? {
    guard box.isFinite else { return nil }
    /// The pixels of an axis: 2 % more, and five pixels on each side.
    func range(_ low: Float, _ high: Float, _ limit: Int) -> Range<Int> {
      let half = ((high - low) * 1.02 + 10) / 2
      let middle = (low + high) / 2
      let start = Int(min(max(middle - half, 0), Float(limit)))
      let end = Int(min(max(middle + half, 0), Float(limit)))
      return start..<max(start, end)
    }
    let (columns, rows) = (range(box.x1, box.x2, width), range(box.y1, box.y2, height))
    guard !columns.isEmpty, !rows.isEmpty else { return nil }
    let step = channels
    var part: [UInt8] = []
    part.reserveCapacity(step * columns.count * rows.count)
    for row in rows {
      let start = step * (row * width + columns.lowerBound)
      part += pixels[start..<start + step * columns.count]
    }
    return Image(
      knownSize: Size(width: columns.count, height: rows.count), channels: step, pixels: part
    ).rgb
  }
}
