public import YOLO
import YOLOModels
import YOLOSystem
public import YOLOTensor

/// A resolution of a head, as a trace with the taps of `Model.headPaths` has it.
public struct HeadLevel: Sendable {
  /// The size of a cell in input pixels.
  public let stride: Int
  /// The class logits, [1, classes, rows, columns].
  public let classes: Tensor
  /// The box logits, [1, 4 · bins, rows, columns]: the bins of the distances left, top, right, bottom.
  public let boxes: Tensor

  /// The rows of cells.
  public var rows: Int { classes.shape[2] }
  /// The columns of cells.
  public var columns: Int { classes.shape[3] }
  /// The number of classes.
  public var classCount: Int { classes.shape[1] }
  /// The bins of a distance; 1 means that distances are given as they are.
  public var binCount: Int { boxes.shape[1] / 4 }

  /// Returns the levels of a model's head out of a trace; none for a classifier.
  ///
  /// Levels whose tensors the trace does not have are left out.
  public static func levels(of model: Model, in trace: Model.Trace) -> [HeadLevel] {
    let paths = model.headPaths
    let layout: DetectLayout
    switch model.network.head {
    case .detect(let found), .segment(let found, _), .pose(let found, _), .oriented(let found, _):
      layout = found
    case .anchors, .queries, .classify, .semantic, .depth: return []
    }
    return layout.levels.compactMap { level in
      guard let classes = trace.tensors[paths[level.classes]],
        let boxes = trace.tensors[paths[level.boxes]]
      else { return nil }
      return HeadLevel(stride: level.stride, classes: classes, boxes: boxes)
    }
  }

  /// Returns the probability of a class in a cell.
  public func score(ofClass index: Int, row: Int, column: Int) -> Float {
    let logit = classes.values[(index * rows + row) * columns + column]
    return 1 / (1 + expf(-logit))
  }

  /// Returns the probability of the best class of each cell, row by row: where the head sees an
  /// object of any kind.
  public func bestScores() -> [Float] {
    let count = rows * columns
    var best = [Float](repeating: -.infinity, count: count)
    for index in 0..<classCount {
      for cell in 0..<count { best[cell] = max(best[cell], classes.values[index * count + cell]) }
    }
    return best.map { 1 / (1 + expf(-$0)) }
  }

  /// Returns the probability of a class in each cell, row by row.
  public func scores(ofClass index: Int) -> [Float] {
    let count = rows * columns
    return classes.values[index * count..<(index + 1) * count].map { 1 / (1 + expf(-$0)) }
  }
}
