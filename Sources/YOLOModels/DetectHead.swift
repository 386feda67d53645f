import YOLOGraph
import YOLOWeights

/// The detect head: a box and a class branch at every level.
struct DetectHead: Sendable {
  /// The class name that checkpoints use.
  static let className = "Detect"

  private let path: String
  private let cv2: [Sequential]
  private let cv3: [Sequential]
  private let classCount: Int
  private let binCount: Int
  private let strides: [Int]

  init(_ record: ModuleRecord) throws {
    path = record.path
    classCount = try record.count("nc", in: 1...1 << 16)
    binCount = try record.count("reg_max", in: 1...256)
    cv2 = try record.child("cv2", of: "ModuleList").children.map { try Sequential($0) }
    cv3 = try record.child("cv3", of: "ModuleList").children.map { try Sequential($0) }
    let strides = try record.doubles("stride")
    guard strides.count == cv2.count, strides.count == cv3.count, !strides.isEmpty,
      strides.allSatisfy({ (1...1024).contains($0) && $0 == $0.rounded() })
    else {
      throw ModelError.unsupported(
        path: path, setting: "stride", found: "\(strides)",
        supported: "a whole number for each of the \(cv2.count) levels")
    }
    self.strides = strides.map { Int($0) }
    // The bins of a distance have the fixed weights 0, 1, 2, …: they are in the decoder.
    if record.hasChild("dfl") { try record.child("dfl").markUsed() }
  }

  /// Traces both branches and names the outputs.
  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> DetectLayout {
    guard inputs.count == strides.count else {
      throw ModelError.inputCount(at: path, expected: strides.count, found: inputs.count)
    }
    var levels = [DetectLayout.Level]()
    for (index, x) in inputs.enumerated() {
      let boxes = try cv2[index](x)
      let classes = try cv3[index](x)
      guard boxes.channels == 4 * binCount else {
        throw GraphError.channelMismatch(
          at: cv2[index].path, expected: 4 * binCount, found: boxes.channels)
      }
      guard classes.channels == classCount else {
        throw GraphError.channelMismatch(
          at: cv3[index].path, expected: classCount, found: classes.channels)
      }
      builder.output(boxes, named: cv2[index].path)
      builder.output(classes, named: cv3[index].path)
      levels.append(
        DetectLayout.Level(
          stride: strides[index], boxes: cv2[index].path, classes: cv3[index].path))
    }
    return DetectLayout(classCount: classCount, binCount: binCount, levels: levels)
  }
}
