import YOLODatasets
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOTestSupport
import YOLOTrainingData

/// A dataset of random images in a temporary directory.
struct TestSet {
  let directory: TemporaryDirectory
  let task: VisionTask

  /// Writes images of random sizes from 40 to 120 pixels with labels by a function of the index.
  init(_ task: VisionTask, count: Int, seed: UInt64 = 1, labels: (Int) -> String) throws {
    self.task = task
    directory = try TemporaryDirectory()
    var random = SplitMix64(seed: seed)
    for index in 0..<count {
      let size = Size(
        width: Int.random(in: 40...120, using: &random),
        height: Int.random(in: 40...120, using: &random))
      try ImageWriter.write(
        Self.image(size, using: &random), to: path(imageAt: index, makesDirectory: true))
      try directory.write(labels(index), to: "labels/train/\(Self.name(index)).txt")
    }
    let extra = task == .pose ? "kpt_shape: [2, 3]\nflip_idx: [1, 0]\n" : ""
    try directory.write(
      "path: \(directory.path)\ntrain: images/train\nval: images/train\nnames: [a, b, c]\n" + extra,
      to: "data.yaml")
  }

  static func name(_ index: Int) -> String { index < 10 ? "00\(index)" : "0\(index)" }

  func path(imageAt index: Int, makesDirectory: Bool = false) throws -> String {
    if makesDirectory { try directory.write("", to: "images/train/.keep") }
    return directory.path(of: "images/train/\(Self.name(index)).png")
  }

  func path(labelAt index: Int) -> String {
    directory.path(of: "labels/train/\(Self.name(index)).txt")
  }

  static func image(_ size: Size, using random: inout SplitMix64) throws -> Image {
    var pixels: [UInt8] = []
    let colors = (0..<6).map { _ in Int.random(in: 0...255, using: &random) }
    for y in 0..<size.height {
      for x in 0..<size.width {
        for channel in 0..<3 {
          let level = colors[channel] + x * colors[3 + channel] / size.width + y
          pixels.append(UInt8(truncatingIfNeeded: level))
        }
      }
    }
    return try Image(size: size, pixels: pixels)
  }

  func dataset() throws -> Dataset {
    try Dataset.open(path: directory.path(of: "data.yaml"), task: task)
  }

  func index(usesCache: Bool = false) throws -> TrainingIndex {
    try TrainingIndex(dataset(), usesCache: usesCache)
  }
}
