import YOLOModels
import YOLOPostprocess
import YOLOTensor
import YOLOWeights

/// A module of the head whose output is worked out after the run, for all cells.
enum HeadTap: Hashable {
  /// The head itself: decoded boxes with the probabilities of classes, or those of a classifier.
  case head
  /// The distances of the boxes' edges, [1, 4, cells].
  case distances
  /// The output of the convolution inside, [1, 1, 4, cells].
  case distanceConvolution

  /// Returns the taps that a model's head has by path, in the order in which they run.
  static func taps(of network: Network, _ checkpoint: Checkpoint) -> [(path: String, tap: HeadTap)]
  {
    guard let head = network.layers.last?.path else { return [] }
    var taps = [(path: String, tap: HeadTap)]()
    if let record = checkpoint.model[head + ".dfl"], !network.head.isClassifier {
      if record.hasChild("conv") { taps.append((record.path + ".conv", .distanceConvolution)) }
      taps.append((record.path, .distances))
    }
    return taps + [(head, .head)]
  }

  /// Returns the output, given those of the run and the results.
  func tensor(
    _ tensors: HeadTensors?, decoded: Tensor?, _ classification: Classification?
  ) -> Tensor? {
    switch self {
    case .head:
      if let classification {
        return Tensor(
          shape: [1, classification.probabilities.count], values: classification.probabilities)
      }
      return decoded
    case .distances: return tensors?.distances
    case .distanceConvolution:
      return tensors.map {
        Tensor(shape: [1, 1] + $0.distances.shape.dropFirst(), values: $0.distances.values)
      }
    }
  }
}
